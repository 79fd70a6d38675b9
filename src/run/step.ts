/** One step: attempts until one succeeds or none is left, the workspace put back between them, then validation. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ResolvedStep } from '../config/index.ts';
import { messageOf } from '../errors/index.ts';
import { getLogger, syncRun, withStep } from '../log/index.ts';
import { MAX_SECONDS, type EventMetadata, type FileFact, type StepStatus } from '../schema/index.ts';
import { PROMPTS_DIR, SNAPSHOT_DIR, WORKSPACE_DIR, type DirectoryChange } from '../store/index.ts';
import { validateStep } from '../validate/index.ts';
import { makeProcessEnvironment } from './adapter-context.ts';
import { runAttempt, elapsedSeconds, type AttemptResult } from './attempt.ts';
import { toResult } from './deadline.ts';
import type { EventFile } from './event-file.ts';
import { INTERRUPTED, isPermanent, type AttemptVerdict } from './failure.ts';
import type { RunSpec } from './run-spec.ts';
import { removeRecursively, restoreSnapshot, takeSnapshot } from './workspace-snapshot.ts';

const log = getLogger('run/step', { component: 'orchestrator' });

/** How many leftovers of a failed attempt are named; all are counted. */
const MAX_LEFTOVERS_LISTED = 1000;
/** How many unreadable paths are named; all are counted. */
const MAX_UNCOPIED_LISTED = 20;
/** Below the limit of a record, so that the list is never cut in the middle. */
const MAX_LEFTOVERS_BYTES = 128 * 1024;

interface StepResult {
  readonly verdict: AttemptVerdict;
  readonly attempts: number;
  /** What the last attempt changed and is still there; null when nothing of it is. */
  readonly change: DirectoryChange | null;
}

/** Runs one step in its scope. Never throws for what the framework did; the verdict is that of the last attempt. */
export async function runStep(spec: RunSpec, step: ResolvedStep, eventFiles: EventFile[]): Promise<AttemptVerdict> {
  return await withStep(step.step, async () => {
    log.info(`Step ${step.step} begins: ${step.name}`, {
      event: 'step_start',
      metadata: {
        name: step.name,
        prompt_file: step.prompt_file,
        prompt_sha256: step.prompt_sha256,
      } satisfies EventMetadata<'step_start'>,
    });
    const started = performance.now();
    const { verdict, attempts, change } = await runAttempts(spec, step, eventFiles);
    logStepEnd(verdict.status, attempts, elapsedSeconds(started));
    if (!spec.signal.aborted) await validate(spec, step, change);
    syncRun();
    return verdict;
  });
}

function logStepEnd(status: StepStatus, attempts: number, duration_seconds: number): void {
  const metadata = { status, attempts, retries: Math.max(0, attempts - 1), duration_seconds } satisfies EventMetadata<'step_end'>;
  if (status === 'success') log.info('Step succeeded', { event: 'step_end', metadata });
  else log.error(`Step ended: ${status}`, { event: 'step_end', metadata });
}

async function runAttempts(spec: RunSpec, step: ResolvedStep, eventFiles: EventFile[]): Promise<StepResult> {
  const last = spec.config.retries.max_retries + 1;
  const restoresAtEnd = spec.config.on_step_failure === 'continue';
  const workspace = join(spec.runDir, WORKSPACE_DIR);
  const snapshot = join(spec.runDir, SNAPSHOT_DIR);
  let attempt = 0;
  try {
    // A framework may have removed it.
    await mkdir(workspace, { recursive: true });
    const closed = last > 1 || restoresAtEnd ? await takeSnapshot(workspace, snapshot) : [];
    if (closed.length > 0) warnAboutUncopied(step, workspace, closed);
    for (;;) {
      attempt++;
      const result = await runAttempt(spec, step, attempt, { promptFile: await writePrompt(spec, step), eventFiles });
      const { verdict, change } = result;
      if (verdict.status === 'success') return { verdict, attempts: attempt, change };
      const isLast = attempt === last || isPermanent(verdict);
      await recordLeftovers(step, attempt, result);
      // An attempt that failed by itself would have been followed by another one.
      if (spec.signal.aborted) return { verdict: isLast ? verdict : INTERRUPTED, attempts: attempt, change };
      // What the last failed attempt left is evidence and stays, unless a further step has to build on the workspace.
      if (isLast && !restoresAtEnd) return { verdict, attempts: attempt, change };
      await restoreSnapshot(snapshot, workspace, closed);
      if (isLast) return { verdict, attempts: attempt, change: null };
      const seconds = backoffSeconds(spec.config.retries, attempt);
      log.info(`Attempt ${attempt + 1} follows in ${seconds} s`, {
        event: 'retry_scheduled',
        metadata: { next_attempt: attempt + 1, backoff_seconds: seconds } satisfies EventMetadata<'retry_scheduled'>,
      });
      await waitSeconds(seconds, spec.signal);
      if (spec.signal.aborted) return { verdict: INTERRUPTED, attempts: attempt, change: null };
    }
  } catch (error) {
    const message = messageOf(error);
    log.error(`The step could not be carried out: ${message}`, { event: 'step_error', error });
    return { verdict: { status: 'failed', reason: 'internal', message, error }, attempts: attempt, change: null };
  } finally {
    await removeRecursively(snapshot).catch((error: unknown) =>
      log.warn('The snapshot of the workspace could not be removed', { error }),
    );
  }
}

/** Seconds to wait before the attempt after `failedAttempts` failed ones: initial, initial × multiplier, … */
function backoffSeconds(
  retries: { initial_backoff_seconds: number; backoff_multiplier: number },
  failedAttempts: number,
): number {
  return retries.initial_backoff_seconds * retries.backoff_multiplier ** (failedAttempts - 1);
}

/** Waits; ends early, without an error, when `signal` aborts. */
async function waitSeconds(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await delay(Math.min(seconds, MAX_SECONDS) * 1000, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Said in the scope of the first attempt: what it changes there, the next one will find. */
function warnAboutUncopied(step: ResolvedStep, workspace: string, closed: readonly Buffer[]): void {
  const paths = closed.slice(0, MAX_UNCOPIED_LISTED).map((path) => relative(workspace, path.toString()) || '.');
  withStep(step.step, { attempt: 1 }, () =>
    log.warn(`Parts of the workspace could not be copied, so they stay as they are at a retry: ${paths.join(', ')}`, {
      event: 'snapshot_incomplete',
      metadata: { paths, paths_total: closed.length } satisfies EventMetadata<'snapshot_incomplete'>,
    }),
  );
}

/** The framework reads a copy: the original could be changed under it, or by it. Each attempt gets a new one for the same reason. */
async function writePrompt(spec: RunSpec, step: ResolvedStep): Promise<string> {
  const dir = join(spec.runDir, PROMPTS_DIR);
  await removeRecursively(dir);
  await mkdir(dir, { recursive: true });
  const path = join(dir, `step_${step.step}.txt`);
  await writeFile(path, step.prompt);
  return path;
}

async function recordLeftovers(step: ResolvedStep, attempt: number, { change, after }: AttemptResult): Promise<void> {
  const leftovers = [...change.added, ...change.changed].sort();
  const files: FileFact[] = [];
  let bytes = 0;
  for (const path of leftovers.slice(0, MAX_LEFTOVERS_LISTED)) {
    const entry = after.get(path);
    if (entry === undefined) continue;
    const fact = { path, bytes: entry.bytes, sha256: entry.sha256 };
    bytes += Buffer.byteLength(JSON.stringify(fact));
    if (bytes > MAX_LEFTOVERS_BYTES) break;
    files.push(fact);
  }
  await withStep(step.step, { attempt }, async () => {
    log.info(`The failed attempt left ${leftovers.length} added or changed files`, {
      event: 'attempt_leftovers',
      metadata: { files, files_total: leftovers.length } satisfies EventMetadata<'attempt_leftovers'>,
    });
  });
}

/** Measures what the step leaves. A validation that fails to run is recorded; it does not change the step's status. */
async function validate(spec: RunSpec, step: ResolvedStep, change: DirectoryChange | null): Promise<void> {
  const done = await toResult(async () => {
    const { processTag, env } = await makeProcessEnvironment({
      runDir: spec.runDir,
      runId: spec.runId,
      purpose: `step_${step.step}_validation`,
      parentEnv: spec.parentEnv,
      extra: { STEPWELL_STEP: String(step.step) },
    });
    await validateStep({
      workspace: join(spec.runDir, WORKSPACE_DIR),
      config: spec.config.validation,
      step: step.step,
      change,
      healthIntervalSeconds: spec.config.timeouts.health_check_interval_seconds,
      graceSeconds: spec.config.timeouts.shutdown_grace_seconds,
      env,
      processTag,
      signal: spec.signal,
    });
  });
  if (done.kind === 'threw')
    log.error('The validation could not be carried out', { event: 'validation_error', error: done.error });
}
