/** Runs the HTTP checks against a started service, in order, and monitors its uptime meanwhile. */
import { describeOutcome } from '../exec/index.ts';
import type { Logger } from '../log/index.ts';
import type { AppConfig, EventMetadata, HttpCheck } from '../schema/index.ts';
import { toSeconds } from '../schema/index.ts';
import type { App } from './app.ts';
import type { CheckResult } from './check.ts';
import { runCheck } from './check.ts';
import { startMonitor } from './monitor.ts';

export type AppMeasurements = Pick<
  EventMetadata<'validation_end'>,
  'app_started' | 'checks_passed' | 'checks_total' | 'crud_passed' | 'crud_total' | 'polls' | 'polls_failed' | 'down_seconds'
>;

export interface HttpCheckOptions {
  readonly app: AppConfig;
  readonly checks: readonly HttpCheck[];
  readonly step: number;
  readonly port: number;
  readonly unique: string;
  readonly healthIntervalSeconds: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Does not stop the service. After an interruption, checks that were not sent are absent. */
export async function checkApp(app: App, options: HttpCheckOptions): Promise<AppMeasurements> {
  const { log, signal } = options;
  const tally = createTally(log);
  const checks = options.checks.filter(
    ({ from_step, until_step }) => options.step >= from_step && options.step <= (until_step ?? Infinity),
  );
  const waited = performance.now();
  const ready = await app.ready();
  if (!ready.ok) {
    const unmeasured = { polls: null, polls_failed: null, down_seconds: null };
    if (signal.aborted) return { app_started: null, ...tally.counts(), ...unmeasured };
    const metadata: EventMetadata<'app_failed'> = { reason: ready.reason, last_lines: app.lastLines() };
    log.error(`The service did not start: ${ready.reason}`, { event: 'app_failed', metadata });
    // No check can pass, and all of them count.
    for (const check of checks) tally.add(check, NOT_SENT);
    return { app_started: false, ...tally.counts(), ...unmeasured };
  }
  const metadata: EventMetadata<'app_ready'> = { startup_seconds: toSeconds(performance.now() - waited) };
  log.info(`The service is ready after ${metadata.startup_seconds} s`, { event: 'app_ready', metadata });

  const monitor = startMonitor({ probe: app.probe, intervalSeconds: options.healthIntervalSeconds, log });
  let meantToBeUp = true;
  const noticeEnd = async (): Promise<void> => {
    const { outcome } = await app.ended;
    if (meantToBeUp && !signal.aborted) monitor.reportDown(`it ended: ${describeOutcome(outcome)}`);
  };
  void noticeEnd();
  const values = new Map<string, unknown>([
    ['unique', options.unique],
    ['step', options.step],
  ]);
  for (const check of checks) {
    const timeoutMs = options.app.request_timeout_seconds * 1000;
    const result = await runCheck(check, { port: options.port, timeoutMs, signal, values });
    if (signal.aborted) break;
    tally.add(check, result);
  }
  const uptime = await monitor.stop(signal);
  meantToBeUp = false;
  return {
    app_started: true,
    ...tally.counts(),
    polls: uptime.polls,
    polls_failed: uptime.pollsFailed,
    down_seconds: uptime.downSeconds,
  };
}

const NOT_SENT: Omit<CheckResult, 'path'> = {
  ok: false,
  status: null,
  detail: 'not sent: the service did not start',
  durationSeconds: 0,
};

function createTally(log: Logger) {
  const counts = { checks_passed: 0, checks_total: 0, crud_passed: 0, crud_total: 0 };
  return {
    add(check: HttpCheck, result: Omit<CheckResult, 'path'> & { path?: string }): void {
      const crud = check.operation !== 'other';
      counts.checks_total++;
      if (crud) counts.crud_total++;
      if (result.ok) counts.checks_passed++;
      if (result.ok && crud) counts.crud_passed++;
      const metadata: EventMetadata<'http_check'> = {
        name: check.name,
        entity: check.entity,
        operation: check.operation,
        method: check.method,
        path: result.path ?? check.path,
        ok: result.ok,
        status: result.status,
        detail: result.detail,
        duration_seconds: result.durationSeconds,
      };
      log[result.ok ? 'info' : 'warn'](`${check.name}: ${result.detail}`, { event: 'http_check', metadata });
    },
    counts: () => ({ ...counts }),
  };
}
