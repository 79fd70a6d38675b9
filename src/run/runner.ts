/** The course of one run, from preparing the framework to the last record before sealing. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checksDigest } from '../config/index.ts';
import { killTagged } from '../exec/index.ts';
import { getLogger, runRedactor, syncRun } from '../log/index.ts';
import type { MeteredEndpoint } from '../meter/index.ts';
import type { EventMetadata, Phase, RunStatus } from '../schema/index.ts';
import { SCRATCH_DIR, WORKSPACE_DIR } from '../store/index.ts';
import { adapterRunOf, makeProcessEnvironment, processTagPrefix, type ProcessEnvironment } from './adapter-context.ts';
import type { AdapterRun } from './adapter.ts';
import { elapsedSeconds } from './attempt.ts';
import { budgetStop, RETURN_GRACE_MS, toResult, verdictFor, withDeadline, withTimeout } from './deadline.ts';
import { EVENTS_VARIABLE, openEventFile, type EventFile } from './event-file.ts';
import { toRunFailure, INTERRUPTED, thrownFailure, type RunFailure } from './failure.ts';
import type { RunSpec } from './run-spec.ts';
import { runStep } from './step.ts';
import { removeRecursively } from './workspace-snapshot.ts';

const log = getLogger('run/runner', { component: 'orchestrator' });

/** Everything else about a run is in its logs. */
export interface RunOutcome {
  readonly status: RunStatus;
  readonly durationSeconds: number;
}

/**
 * Executes one run inside its log scope. Every way it can go ends in a returned outcome and a `run_end` record; it does
 * not throw for anything that a framework, an adapter or the workspace does.
 */
export async function executeRun(spec: RunSpec): Promise<RunOutcome> {
  const started = performance.now();
  let failure: RunFailure | null = null;

  /** Runs a phase and records its begin and end. A throw is the run's failure in that phase. */
  const phase = async (name: Phase, work: () => Promise<RunFailure | null>): Promise<void> => {
    log.info(`Phase ${name} begins`, { event: 'phase_start', metadata: { phase: name } satisfies EventMetadata<'phase_start'> });
    const begun = performance.now();
    const done = await toResult(work);
    const failed = done.kind === 'value' ? done.value : thrownFailure(name, done.error);
    const metadata = {
      phase: name,
      duration_seconds: elapsedSeconds(begun),
      ok: failed === null,
    } satisfies EventMetadata<'phase_end'>;
    if (failed === null) log.info(`Phase ${name} ended`, { event: 'phase_end', metadata });
    else log.error(`Phase ${name} failed: ${failed.message}`, { event: 'phase_end', metadata, error: failed.error });
    failure ??= failed;
  };

  recordStart(spec);
  const endpoint = spec.meter?.openRun() ?? null;
  const eventFiles: EventFile[] = [];
  const environment = await toResult(async () => await prepareDirectories(spec, eventFiles));
  const adapterRun = environment.kind === 'value' ? adapterRunOf(spec, environment.value, endpoint, spec.signal) : null;
  await phase('prepare', async () => {
    if (adapterRun === null) throw environment.kind === 'threw' ? environment.error : new Error('no environment');
    return await prepare(spec, adapterRun, endpoint?.budgetExceeded ?? null);
  });
  if (failure === null) await phase('steps', async () => await runSteps(spec, eventFiles));
  await phase('stop', async () => await stop(spec, adapterRun, eventFiles));
  await closeModel(spec, endpoint);

  const durationSeconds = elapsedSeconds(started);
  return recordEnd(failure, durationSeconds);
}

/** Calls in flight are recorded first. A failure here is not the framework's. */
async function closeModel(spec: RunSpec, endpoint: MeteredEndpoint | null): Promise<void> {
  await endpoint?.close();
  const closed = await toResult(spec.closeModel);
  if (closed.kind === 'threw') log.error('The way to the model could not be closed', { error: closed.error });
}

function recordStart(spec: RunSpec): void {
  const { config } = spec;
  log.info(`Run ${spec.runId} of ${spec.framework} begins`, {
    event: 'run_start',
    metadata: {
      stepwell_version: spec.stepwellVersion,
      adapter: spec.adapterName,
      model: spec.model,
      rehearsal: spec.rehearsal,
      round: spec.round,
      random_seed: config.random_seed,
      config_sha256: spec.configSha256,
      checks_digest: checksDigest(config.validation),
      steps: spec.steps.map(({ step, name, prompt_file, prompt_sha256 }) => ({ step, name, prompt_file, prompt_sha256 })),
      step_timeout_seconds: config.timeouts.step_timeout_seconds,
      max_retries: config.retries.max_retries,
      health_check_interval_seconds: config.timeouts.health_check_interval_seconds,
      on_step_failure: config.on_step_failure,
      validates_app: config.validation.app !== undefined,
      usage_api: spec.usageApi,
      replay_of: spec.replayOf,
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

async function prepareDirectories(spec: RunSpec, eventFiles: EventFile[]): Promise<ProcessEnvironment> {
  await mkdir(join(spec.runDir, WORKSPACE_DIR), { recursive: true });
  const events = await openEventFile(spec.runDir, 'prepare');
  eventFiles.push(events);
  return await makeProcessEnvironment({
    runDir: spec.runDir,
    runId: spec.runId,
    purpose: 'prepare',
    parentEnv: spec.parentEnv,
    extra: { ...spec.settings.env, [EVENTS_VARIABLE]: events.path },
  });
}

/** The preparation has the time limit of an attempt: a clone that hangs must not block the run forever. */
async function prepare(spec: RunSpec, run: AdapterRun, budget: AbortSignal | null): Promise<RunFailure | null> {
  const { result: done, stopped } = await withDeadline(
    spec,
    budget,
    async (signal) => await spec.adapter.prepare({ ...run, signal }),
    async () => {
      await killTagged(run.processTag, { graceMs: run.shutdownGraceSeconds * 1000 });
    },
  );
  const reason = stopped ?? budgetStop(budget);
  if (reason !== null) return toRunFailure(verdictFor(reason, spec), { phase: 'prepare', step: null });
  if (done.kind === 'abandoned') throw new Error('unreachable: the preparation is left only after its signal aborted');
  if (done.kind === 'threw') return thrownFailure('prepare', done.error);
  const { commit } = done.value;
  log.info(`The framework is ready at commit ${commit}`, {
    event: 'framework_ready',
    metadata: { commit } satisfies EventMetadata<'framework_ready'>,
  });
  return null;
}

/** Runs the steps of the spec. The first failure decides the run's status, also when the later steps go on. */
async function runSteps(spec: RunSpec, eventFiles: EventFile[]): Promise<RunFailure | null> {
  let first: RunFailure | null = null;
  for (const step of spec.steps) {
    if (spec.signal.aborted) break;
    const verdict = await runStep(spec, step, eventFiles);
    if (verdict.status === 'success') continue;
    first ??= toRunFailure(verdict, { phase: 'steps', step: step.step, name: step.name });
    if (spec.config.on_step_failure === 'stop') break;
  }
  // Also after the last step: its validation was then cut off, and the run's measures are not whole.
  if (spec.signal.aborted) first ??= toRunFailure(INTERRUPTED, { phase: 'steps', step: null });
  return first;
}

/** Stops the adapter, then ends every process that carries a tag of this run. */
async function stop(spec: RunSpec, run: AdapterRun | null, eventFiles: readonly EventFile[]): Promise<RunFailure | null> {
  const graceMs = spec.config.timeouts.shutdown_grace_seconds * 1000;
  const work = toResult(async () => {
    if (run !== null) await spec.adapter.stop?.(run);
  });
  const stopped = await withTimeout(work, graceMs + RETURN_GRACE_MS);
  const ended = await killTagged(processTagPrefix(spec.runId), { graceMs });
  for (const events of eventFiles) await events[Symbol.asyncDispose]();
  await removeRecursively(join(spec.runDir, SCRATCH_DIR)).catch((error: unknown) =>
    log.warn('The scratch directory could not be removed', { error }),
  );
  if (stopped.kind === 'threw') return thrownFailure('stop', stopped.error);
  const failed = (message: string): RunFailure =>
    toRunFailure({ status: 'failed', reason: 'framework_failed', message }, { phase: 'stop', step: null });
  if (stopped.kind === 'abandoned') return failed('the adapter did not stop in time');
  if (ended.survivors.length > 0) return failed(`processes of the run could not be ended: ${ended.survivors.join(', ')}`);
  return null;
}
