/** The course of one run, from preparing the framework to the last record before sealing. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { killMarked } from '../exec.ts';
import { getLogger, runRedactor, syncRun } from '../log.ts';
import type { EventMetadata, Phase, RunStatus } from '../schema.ts';
import { SCRATCH_DIR, WORKSPACE_DIR } from '../store.ts';
import type { AdapterRun } from './adapter.ts';
import { secondsSince } from './attempt.ts';
import { makeSurroundings, markPrefix, type Surroundings } from './environment.ts';
import { StepFailure, type RunFailure } from './failure.ts';
import type { RunOrder } from './order.ts';
import { settled, settledOrAborted, within } from './settle.ts';
import { runStep } from './step.ts';
import { removeTree } from './workspace.ts';

const log = getLogger('run/runner', { component: 'orchestrator' });

/** What an adapter may still take to return after its processes were ended. */
const SETTLE_MS = 5_000;

interface PhaseResult {
  readonly phase: Phase;
  readonly duration_seconds: number;
  readonly ok: boolean;
}

export interface RunOutcome {
  readonly status: RunStatus;
  readonly failure: RunFailure | null;
  readonly phases: readonly PhaseResult[];
  /** What really ran, `unknown` when that cannot be told. */
  readonly frameworkCommit: string;
  readonly durationSeconds: number;
}

/**
 * Executes one run inside its log scope. Every way it can go ends in a returned outcome and a `run_end` record; it does
 * not throw for anything that a framework, an adapter or the workspace does.
 */
export async function executeRun(order: RunOrder): Promise<RunOutcome> {
  const started = performance.now();
  const phases: PhaseResult[] = [];
  let commit = 'unknown';
  let failure: RunFailure | null = null;

  /** Runs a phase and records its begin and end. A throw is the run's failure in that phase. */
  const phase = async (name: Phase, work: () => Promise<RunFailure | null>): Promise<void> => {
    log.info(`Phase ${name} begins`, { event: 'phase_start', metadata: { phase: name } satisfies EventMetadata<'phase_start'> });
    const begun = performance.now();
    const done = await settled(work);
    const failed = done.kind === 'value' ? done.value : runFailure('failed', name, null, done.error);
    const result = { phase: name, duration_seconds: secondsSince(begun), ok: failed === null };
    phases.push(result);
    const fields = { event: 'phase_end', metadata: result satisfies EventMetadata<'phase_end'> };
    if (failed === null) log.info(`Phase ${name} ended`, fields);
    else log.error(`Phase ${name} failed: ${failed.error.message}`, { ...fields, error: failed.error });
    failure ??= failed;
  };

  recordStart(order);
  const surroundings = await settled(async () => await prepareDirectories(order));
  const adapterRun = surroundings.kind === 'value' ? adapterRunOf(order, surroundings.value) : null;
  await phase('prepare', async () => {
    if (adapterRun === null) throw surroundings.kind === 'threw' ? surroundings.error : new Error('no surroundings');
    const prepared = await prepare(order, adapterRun);
    if ('failure' in prepared) return prepared.failure;
    commit = prepared.commit;
    return null;
  });
  if (failure === null) await phase('steps', async () => await runSteps(order));
  await phase('stop', async () => await stop(order, adapterRun));

  const durationSeconds = secondsSince(started);
  const outcome = { status: statusOf(failure), failure, phases, frameworkCommit: commit, durationSeconds };
  recordEnd(outcome);
  return outcome;
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
      steps: order.steps.map(({ step, name, prompt_file, prompt_sha256 }) => ({ step, name, prompt_file, prompt_sha256 })),
      step_timeout_seconds: config.timeouts.step_timeout_seconds,
      max_retries: config.retries.max_retries,
      health_check_interval_seconds: config.timeouts.health_check_interval_seconds,
      on_step_failure: config.on_step_failure,
      validates_app: config.validation.app !== undefined,
    } satisfies EventMetadata<'run_start'>,
  });
}

function recordEnd(outcome: RunOutcome): void {
  const { status, failure } = outcome;
  const metadata = {
    status,
    failing_phase: failure?.phase ?? null,
    failing_step: failure?.step ?? null,
    duration_seconds: outcome.durationSeconds,
    redactions: runRedactor().count,
  } satisfies EventMetadata<'run_end'>;
  if (failure === null) log.info('Run succeeded', { event: 'run_end', metadata });
  else log.error(`Run ended: ${status}: ${failure.error.message}`, { event: 'run_end', metadata, error: failure.error });
  syncRun();
}

async function prepareDirectories(order: RunOrder): Promise<Surroundings> {
  await mkdir(join(order.runDir, WORKSPACE_DIR), { recursive: true });
  return await makeSurroundings({
    runDir: order.runDir,
    runId: order.runId,
    purpose: 'prepare',
    parentEnv: order.parentEnv,
    extra: { ...order.settings.env },
  });
}

function adapterRunOf(order: RunOrder, { mark, env }: Surroundings): AdapterRun {
  return {
    runId: order.runId,
    framework: order.framework,
    settings: order.settings,
    workspace: join(order.runDir, WORKSPACE_DIR),
    scratch: join(order.runDir, SCRATCH_DIR),
    model: order.model,
    randomSeed: order.config.random_seed,
    log: getLogger(`adapters/${order.adapterName}`, { component: 'adapter' }),
    signal: order.signal,
    mark,
    env,
    shutdownGraceSeconds: order.config.timeouts.shutdown_grace_seconds,
  };
}

async function prepare(order: RunOrder, run: AdapterRun): Promise<{ commit: string } | { failure: RunFailure }> {
  const work = settled(async () => await order.adapter.prepare(run));
  const done = await settledOrAborted(work, {
    signal: order.signal,
    onAbort: async () => {
      await killMarked(run.mark, { graceMs: run.shutdownGraceSeconds * 1000 });
    },
    settleMs: SETTLE_MS,
  });
  if (order.signal.aborted) return { failure: interruption('prepare', null) };
  if (done.kind === 'value') {
    log.info(`The framework is ready at commit ${done.value.commit}`, {
      event: 'framework_ready',
      metadata: { commit: done.value.commit } satisfies EventMetadata<'framework_ready'>,
    });
    return { commit: done.value.commit };
  }
  return {
    failure: runFailure('failed', 'prepare', null, done.kind === 'threw' ? done.error : new Error('the adapter did not return')),
  };
}

/** The steps in order. The first failure decides the run's status, also when the later steps go on. */
async function runSteps(order: RunOrder): Promise<RunFailure | null> {
  let first: RunFailure | null = null;
  for (const step of order.steps) {
    if (order.signal.aborted) return first ?? interruption('steps', null);
    const verdict = await runStep(order, step);
    if (verdict.status === 'success') continue;
    const error = new StepFailure(`step ${step.step} (${step.name}): ${verdict.message}`, verdict.reason, verdict.error);
    first ??= { status: verdict.status, phase: 'steps', step: step.step, error };
    if (verdict.status === 'interrupted' || order.config.on_step_failure === 'stop') return first;
  }
  return first;
}

/** Ends the adapter's own and then everything that carries a mark of this run. */
async function stop(order: RunOrder, run: AdapterRun | null): Promise<RunFailure | null> {
  const graceMs = order.config.timeouts.shutdown_grace_seconds * 1000;
  const stopped =
    run === null
      ? null
      : await within(
          settled(async () => await order.adapter.stop(run)),
          graceMs + SETTLE_MS,
        );
  const ended = await killMarked(markPrefix(order.runId), { graceMs });
  await removeTree(join(order.runDir, SCRATCH_DIR)).catch((error: unknown) =>
    log.warn('The scratch directory could not be removed', { error }),
  );
  if (stopped?.kind === 'threw') return runFailure('failed', 'stop', null, stopped.error);
  if (stopped?.kind === 'unsettled') return runFailure('failed', 'stop', null, new Error('the adapter did not stop in time'));
  if (ended.survivors.length > 0) {
    return runFailure(
      'failed',
      'stop',
      null,
      new Error(`processes of the run could not be ended: ${ended.survivors.join(', ')}`),
    );
  }
  return null;
}

function interruption(phase: Phase, step: number | null): RunFailure {
  return { status: 'interrupted', phase, step, error: new StepFailure('the run was interrupted', 'interrupted') };
}

function runFailure(status: 'failed', phase: Phase, step: number | null, error: unknown): RunFailure {
  return { status, phase, step, error: error instanceof Error ? error : new Error(String(error)) };
}

function statusOf(failure: RunFailure | null): RunStatus {
  return failure === null ? 'success' : failure.status;
}
