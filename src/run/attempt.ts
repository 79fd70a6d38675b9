/** One attempt at a step: the framework works, its processes are ended, and what it did is measured. */
import { join } from 'node:path';
import type { ResolvedStep } from '../config/index.ts';
import { messageOf, StepwellError } from '../errors/index.ts';
import { killTagged } from '../exec/index.ts';
import { getLogger, withStep } from '../log/index.ts';
import { toSeconds, type EventMetadata } from '../schema/index.ts';
import { compareDigests, digestDirectory, WORKSPACE_DIR, type DirectoryDigest, type DirectoryChange } from '../store/index.ts';
import { artifactFailure, checkArtifacts } from '../validate/index.ts';
import { adapterRunOf, adapterStepOf, makeProcessEnvironment, type ProcessEnvironment } from './adapter-context.ts';
import type { FrameworkClaim } from './adapter.ts';
import { budgetStop, toResult, verdictFor, withDeadline, type StopReason, type TimedResult } from './deadline.ts';
import { EVENTS_VARIABLE, openEventFile, type EventFile } from './event-file.ts';
import { toRecordedError, type AttemptVerdict } from './failure.ts';
import type { RunSpec } from './run-spec.ts';

const log = getLogger('run/attempt', { component: 'orchestrator' });

export interface AttemptResult {
  readonly verdict: AttemptVerdict;
  readonly change: DirectoryChange;
  readonly after: DirectoryDigest;
}

/**
 * Runs one attempt in a scope of its own and records it. Throws only when the attempt could not even be set up.
 *
 * @param given.eventFiles takes the attempt's own, which the run closes at its end
 */
export async function runAttempt(
  spec: RunSpec,
  step: ResolvedStep,
  attempt: number,
  { promptFile, eventFiles }: { promptFile: string; eventFiles: EventFile[] },
): Promise<AttemptResult> {
  return await withStep(step.step, { attempt }, async () => {
    const workspace = join(spec.runDir, WORKSPACE_DIR);
    const before = await digestDirectory(workspace);
    const { events, environment } = await prepareAttempt(spec, step, attempt);
    eventFiles.push(events);
    const endpoint = spec.meter?.openAttempt({ step: step.step, attempt }) ?? null;
    const budget = endpoint?.budgetExceeded ?? null;
    const started = performance.now();
    log.info(`Attempt ${attempt} at step ${step.step} begins`, {
      event: 'attempt_start',
      metadata: { mark: environment.processTag, metered: endpoint !== null } satisfies EventMetadata<'attempt_start'>,
    });

    const killed: number[] = [];
    const endProcesses = async (): Promise<void> => void killed.push(...(await endTagged(environment.processTag, spec)));
    const work = async (signal: AbortSignal): Promise<FrameworkClaim> => {
      const run = adapterRunOf(spec, environment, endpoint, signal);
      return await spec.adapter.runStep(adapterStepOf(spec, run, step, { attempt, promptFile, endpoint }));
    };
    const { result, stopped } = await withDeadline(spec, budget, work, endProcesses);
    if (result.kind === 'abandoned') log.warn('The adapter did not return after its time had ended; the run goes on without it');
    const measured = await toResult(async () => {
      // An attempt's processes end with it, also after success: nothing may change the workspace while it is measured.
      await endProcesses();
      await events.finish();
      await endpoint?.close();
      return await digestDirectory(workspace);
    });

    const after = measured.kind === 'value' ? measured.value : before;
    const change = compareDigests(before, after);
    // Also when the framework ignored the refusal and exited by itself.
    const reason = stopped ?? budgetStop(budget);
    const verdict =
      measured.kind === 'threw' && reason === null
        ? thrownVerdict(measured.error)
        : decideVerdict(spec, result, reason, { change, after });
    recordEnd({ attempt, verdict, claim: claimOf(result, stopped), started, change, killed });
    return { verdict, change, after };
  });
}

async function prepareAttempt(
  spec: RunSpec,
  { step }: ResolvedStep,
  attempt: number,
): Promise<{ readonly events: EventFile; readonly environment: ProcessEnvironment }> {
  const { runDir, runId, parentEnv, settings } = spec;
  const purpose = `step_${step}_attempt_${attempt}`;
  const events = await openEventFile(runDir, purpose);
  const own = { STEPWELL_STEP: String(step), STEPWELL_ATTEMPT: String(attempt), [EVENTS_VARIABLE]: events.path };
  const extra = { ...settings.env, ...own };
  return { events, environment: await makeProcessEnvironment({ runDir, runId, purpose, parentEnv, extra }) };
}

/** Ends the processes that carry the process tag, or one that begins with it; returns those that had to be killed. */
async function endTagged(processTag: string, { config }: RunSpec): Promise<number[]> {
  const graceMs = config.timeouts.shutdown_grace_seconds * 1000;
  const ended = await Promise.all([processTag, `${processTag}:`].map(async (each) => await killTagged(each, { graceMs })));
  const pids = ended.flatMap((each) => each.survivors);
  if (pids.length > 0) {
    log.error(`Processes of the attempt could not be ended: ${pids.join(', ')}`, {
      event: 'processes_survived',
      metadata: { pids } satisfies EventMetadata<'processes_survived'>,
    });
  }
  return ended.flatMap((each) => each.killed);
}

/** The framework's claim. What its adapter returns after it was stopped is not one. */
function claimOf(result: TimedResult<FrameworkClaim>, stopped: StopReason | null): FrameworkClaim | null {
  return stopped === null && result.kind === 'value' ? result.value : null;
}

function recordEnd(ended: {
  attempt: number;
  verdict: AttemptVerdict;
  claim: FrameworkClaim | null;
  started: number;
  change: DirectoryChange;
  killed: readonly number[];
}): void {
  const { attempt, verdict, claim, change } = ended;
  const metadata = {
    status: verdict.status,
    reason: verdict.status === 'success' ? null : verdict.reason,
    claim: claim?.status ?? null,
    claimed_usage: claim?.usage ?? null,
    duration_seconds: elapsedSeconds(ended.started),
    files_added: change.added.length,
    files_changed: change.changed.length,
    files_removed: change.removed.length,
    processes_killed: new Set(ended.killed).size,
  } satisfies EventMetadata<'attempt_end'>;
  if (verdict.status === 'success') log.info(`Attempt ${attempt} succeeded`, { event: 'attempt_end', metadata });
  else {
    const thrown = verdict.error === undefined ? {} : { error: toRecordedError(verdict.error) };
    log.error(`Attempt ${attempt} failed: ${verdict.message}`, { event: 'attempt_end', metadata, ...thrown });
  }
}

/** Seconds since a reading of the monotonic clock, to the millisecond. */
export function elapsedSeconds(started: number): number {
  return toSeconds(performance.now() - started);
}

/** Decides from claims and measurements: first a limit that was reached, then the claim, then the changed files. */
function decideVerdict(
  spec: RunSpec,
  result: TimedResult<FrameworkClaim>,
  stopped: StopReason | null,
  measured: { change: DirectoryChange; after: DirectoryDigest },
): AttemptVerdict {
  if (stopped !== null) return verdictFor(stopped, spec);
  if (result.kind === 'abandoned') throw new Error('unreachable: an attempt is left only after its signal aborted');
  if (result.kind === 'threw') return thrownVerdict(result.error);
  const claim = result.value;
  if (claim.status === 'failure') return { status: 'failed', reason: claim.reason, message: claim.message };
  const failed = artifactFailure(checkArtifacts(spec.config.validation.artifacts, measured.after.keys(), measured.change));
  return failed === null ? { status: 'success' } : { status: 'failed', ...failed };
}

/** A coded error says what the framework lacks: its program, an answer. Anything else is a bug in the adapter or in stepwell. */
function thrownVerdict(error: unknown): AttemptVerdict {
  const reason = error instanceof StepwellError ? 'framework_failed' : 'internal';
  return { status: 'failed', reason, message: messageOf(error), error };
}
