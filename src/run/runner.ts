/** The course of one run, from preparing the framework to the last record before sealing. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { killMarked } from '../exec.ts';
import { getLogger, runRedactor, syncRun } from '../log.ts';
import type { MeteredEndpoint } from '../meter.ts';
import type { EventMetadata, Phase, RunStatus } from '../schema.ts';
import { SCRATCH_DIR, WORKSPACE_DIR } from '../store.ts';
import type { AdapterRun } from './adapter.ts';
import { secondsSince } from './attempt.ts';
import { digestOf } from '../config.ts';
import { makeSurroundings, markPrefix, type Surroundings } from './environment.ts';
import { EVENTS_VARIABLE, openEventFile, type EventFile } from './event-file.ts';
import { failureOf, INTERRUPTED, thrownFailure, type RunFailure } from './failure.ts';
import { adapterRunOf } from './handover.ts';
import { budgetCut, cutVerdict, startLimit } from './limit.ts';
import type { RunOrder } from './order.ts';
import { settled, settledOrAborted, SETTLE_MS, within } from './settle.ts';
import { runStep } from './step.ts';
import { removeTree } from './workspace.ts';

const log = getLogger('run/runner', { component: 'orchestrator' });

/** Everything else that can be said of a run stands in its logs. */
export interface RunOutcome {
  readonly status: RunStatus;
  readonly durationSeconds: number;
}

/**
 * Executes one run inside its log scope. Every way it can go ends in a returned outcome and a `run_end` record; it does
 * not throw for anything that a framework, an adapter or the workspace does.
 */
export async function executeRun(order: RunOrder): Promise<RunOutcome> {
  const started = performance.now();
  let failure: RunFailure | null = null;

  /** Runs a phase and records its begin and end. A throw is the run's failure in that phase. */
  const phase = async (name: Phase, work: () => Promise<RunFailure | null>): Promise<void> => {
    log.info(`Phase ${name} begins`, { event: 'phase_start', metadata: { phase: name } satisfies EventMetadata<'phase_start'> });
    const begun = performance.now();
    const done = await settled(work);
    const failed = done.kind === 'value' ? done.value : thrownFailure(name, done.error);
    const metadata = {
      phase: name,
      duration_seconds: secondsSince(begun),
      ok: failed === null,
    } satisfies EventMetadata<'phase_end'>;
    if (failed === null) log.info(`Phase ${name} ended`, { event: 'phase_end', metadata });
    else log.error(`Phase ${name} failed: ${failed.message}`, { event: 'phase_end', metadata, error: failed.error });
    failure ??= failed;
  };

  recordStart(order);
  const endpoint = order.meter?.openRun() ?? null;
  const eventFiles: EventFile[] = [];
  const surroundings = await settled(async () => await prepareDirectories(order, eventFiles));
  const adapterRun = surroundings.kind === 'value' ? adapterRunOf(order, surroundings.value, endpoint, order.signal) : null;
  await phase('prepare', async () => {
    if (adapterRun === null) throw surroundings.kind === 'threw' ? surroundings.error : new Error('no surroundings');
    return await prepare(order, adapterRun, endpoint?.budgetExceeded ?? null);
  });
  if (failure === null) await phase('steps', async () => await runSteps(order, eventFiles));
  await phase('stop', async () => await stop(order, adapterRun, eventFiles));
  await closeModel(order, endpoint);

  const durationSeconds = secondsSince(started);
  return recordEnd(failure, durationSeconds);
}

/** Calls in flight are recorded first. Trouble here is none of the framework's. */
async function closeModel(order: RunOrder, endpoint: MeteredEndpoint | null): Promise<void> {
  await endpoint?.close();
  const closed = await settled(order.closeModel);
  if (closed.kind === 'threw') log.error('The way to the model could not be closed', { error: closed.error });
}

function recordStart(order: RunOrder): void {
  const { config } = order;
  log.info(`Run ${order.runId} of ${order.framework} begins`, {
    event: 'run_start',
    metadata: {
      stepwell_version: order.stepwellVersion,
      adapter: order.adapterName,
      model: order.model,
      rehearsal: order.rehearsal,
      round: order.round,
      random_seed: config.random_seed,
      config_sha256: order.configSha256,
      checks_digest: digestOf(config.validation),
      steps: order.steps.map(({ step, name, prompt_file, prompt_sha256 }) => ({ step, name, prompt_file, prompt_sha256 })),
      step_timeout_seconds: config.timeouts.step_timeout_seconds,
      max_retries: config.retries.max_retries,
      health_check_interval_seconds: config.timeouts.health_check_interval_seconds,
      on_step_failure: config.on_step_failure,
      validates_app: config.validation.app !== undefined,
      usage_api: order.usageApi,
      replay_of: order.replayOf,
    } satisfies EventMetadata<'run_start'>,
  });
}

function recordEnd(failure: RunFailure | null, durationSeconds: number): RunOutcome {
  const status = failure?.status ?? 'success';
  const metadata = {
    status,
    failing_phase: failure?.phase ?? null,
    failing_step: failure?.step ?? null,
    duration_seconds: durationSeconds,
    redactions: runRedactor().count,
  } satisfies EventMetadata<'run_end'>;
  if (failure === null) log.info('Run succeeded', { event: 'run_end', metadata });
  else log.error(`Run ended: ${status}: ${failure.message}`, { event: 'run_end', metadata, error: failure.error });
  syncRun();
  return { status, durationSeconds };
}

async function prepareDirectories(order: RunOrder, eventFiles: EventFile[]): Promise<Surroundings> {
  await mkdir(join(order.runDir, WORKSPACE_DIR), { recursive: true });
  const events = await openEventFile(order.runDir, 'prepare');
  eventFiles.push(events);
  return await makeSurroundings({
    runDir: order.runDir,
    runId: order.runId,
    purpose: 'prepare',
    parentEnv: order.parentEnv,
    extra: { ...order.settings.env, [EVENTS_VARIABLE]: events.path },
  });
}

/** The preparation has the time limit of an attempt: a clone that hangs must not hold the run for ever. */
async function prepare(order: RunOrder, run: AdapterRun, budget: AbortSignal | null): Promise<RunFailure | null> {
  const limit = startLimit(order, budget);
  const work = settled(async () => await order.adapter.prepare({ ...run, signal: limit.signal }));
  let done: Awaited<typeof work> | { readonly kind: 'unsettled' };
  try {
    done = await settledOrAborted(work, {
      signal: limit.signal,
      onAbort: async () => {
        await killMarked(run.mark, { graceMs: run.shutdownGraceSeconds * 1000 });
      },
      settleMs: SETTLE_MS,
    });
  } finally {
    limit.release();
  }
  const cut = limit.cut ?? budgetCut(budget);
  if (cut !== null) return failureOf(cutVerdict(cut, order), { phase: 'prepare', step: null });
  if (done.kind === 'unsettled') throw new Error('unreachable: the preparation is left only after its signal aborted');
  if (done.kind === 'threw') return thrownFailure('prepare', done.error);
  const { commit } = done.value;
  log.info(`The framework is ready at commit ${commit}`, {
    event: 'framework_ready',
    metadata: { commit } satisfies EventMetadata<'framework_ready'>,
  });
  return null;
}

/** The steps in order. The first failure decides the run's status, also when the later steps go on. */
async function runSteps(order: RunOrder, eventFiles: EventFile[]): Promise<RunFailure | null> {
  let first: RunFailure | null = null;
  for (const step of order.steps) {
    if (order.signal.aborted) break;
    const verdict = await runStep(order, step, eventFiles);
    if (verdict.status === 'success') continue;
    first ??= failureOf(verdict, { phase: 'steps', step: step.step, name: step.name });
    if (order.config.on_step_failure === 'stop') break;
  }
  // Also after the last step: its validation was then cut off, and the run's measures are not whole.
  if (order.signal.aborted) first ??= failureOf(INTERRUPTED, { phase: 'steps', step: null });
  return first;
}

/** Ends the adapter's own and then everything that carries a mark of this run. */
async function stop(order: RunOrder, run: AdapterRun | null, eventFiles: readonly EventFile[]): Promise<RunFailure | null> {
  const graceMs = order.config.timeouts.shutdown_grace_seconds * 1000;
  const work = settled(async () => {
    if (run !== null) await order.adapter.stop(run);
  });
  const stopped = await within(work, graceMs + SETTLE_MS);
  const ended = await killMarked(markPrefix(order.runId), { graceMs });
  for (const events of eventFiles) await events[Symbol.asyncDispose]();
  await removeTree(join(order.runDir, SCRATCH_DIR)).catch((error: unknown) =>
    log.warn('The scratch directory could not be removed', { error }),
  );
  if (stopped.kind === 'threw') return thrownFailure('stop', stopped.error);
  const failed = (message: string): RunFailure =>
    failureOf({ status: 'failed', reason: 'framework_failed', message }, { phase: 'stop', step: null });
  if (stopped.kind === 'unsettled') return failed('the adapter did not stop in time');
  if (ended.survivors.length > 0) return failed(`processes of the run could not be ended: ${ended.survivors.join(', ')}`);
  return null;
}
