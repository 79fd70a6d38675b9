/** One attempt at a step: the framework works, its processes are ended, and what it did is measured. */
import { join } from 'node:path';
import { StepwellError } from '../errors.ts';
import { killMarked } from '../exec.ts';
import { getLogger, withStep } from '../log.ts';
import type { EventMetadata } from '../schema.ts';
import { compareTrees, SCRATCH_DIR, snapshotTree, WORKSPACE_DIR, type Tree, type TreeChange } from '../store.ts';
import { artifactFailure, checkArtifacts } from '../validate.ts';
import type { AdapterStep, FrameworkClaim } from './adapter.ts';
import { LONGEST_TIMER_MS } from './backoff.ts';
import type { ResolvedStep } from './config.ts';
import { makeSurroundings } from './environment.ts';
import { INTERRUPTED, type AttemptVerdict } from './failure.ts';
import { answerClarification } from './hitl.ts';
import type { RunOrder } from './order.ts';
import { settled, settledOrAborted, type Settled } from './settle.ts';

const log = getLogger('run/attempt', { component: 'orchestrator' });

/** What an adapter may still take to return after its processes were ended. */
const SETTLE_MS = 5_000;

export interface AttemptResult {
  readonly verdict: AttemptVerdict;
  readonly change: TreeChange;
  readonly after: Tree;
}

type Answer = Settled<FrameworkClaim> | { readonly kind: 'unsettled' };

/** Runs one attempt in a scope of its own and records it. Throws only when the attempt could not even be set up. */
export async function runAttempt(
  order: RunOrder,
  step: ResolvedStep,
  attempt: number,
  promptFile: string,
): Promise<AttemptResult> {
  return await withStep(step.step, { attempt }, async () => {
    const workspace = join(order.runDir, WORKSPACE_DIR);
    const before = await snapshotTree(workspace);
    const { mark, env } = await makeSurroundings({
      runDir: order.runDir,
      runId: order.runId,
      purpose: `step_${step.step}_attempt_${attempt}`,
      parentEnv: order.parentEnv,
      extra: { ...order.settings.env, STEPWELL_STEP: String(step.step), STEPWELL_ATTEMPT: String(attempt) },
    });
    const endpoint = order.openEndpoint?.({ runId: order.runId, step: step.step, attempt }) ?? null;
    const limits = limitAttempt(order);
    const started = performance.now();
    log.info(`Attempt ${attempt} at step ${step.step} begins`, {
      event: 'attempt_start',
      metadata: { mark, metered: endpoint !== null } satisfies EventMetadata<'attempt_start'>,
    });

    const work = settled(() =>
      order.adapter.runStep(
        adapterStep({ order, step, attempt, promptFile, workspace, mark, env, endpoint, signal: limits.signal }),
      ),
    );
    const killed: number[] = [];
    const endProcesses = async (): Promise<void> => {
      const ended = await killMarked(mark, { graceMs: order.config.timeouts.shutdown_grace_seconds * 1000 });
      killed.push(...ended.killed);
      if (ended.survivors.length > 0) {
        log.error(`Processes of the attempt could not be ended: ${ended.survivors.join(', ')}`, {
          event: 'processes_survived',
          metadata: { pids: ended.survivors },
        });
      }
    };
    let answer: Answer;
    try {
      answer = await settledOrAborted(work, { signal: limits.signal, onAbort: endProcesses, settleMs: SETTLE_MS });
    } finally {
      limits.clear();
    }
    const cut = limits.signal.aborted ? limits.signal.reason : null;
    if (answer.kind === 'unsettled') log.warn('The adapter did not return after its time had ended; the run goes on without it');
    // An attempt's processes end with it, also after success: nothing may change the workspace while it is measured.
    await endProcesses();
    await endpoint?.close();

    const after = await snapshotTree(workspace);
    const change = compareTrees(before, after);
    const verdict = judge(order, answer, cut, { change, after });
    const claim = answer.kind === 'value' ? answer.value : null;
    const facts = {
      status: verdict.status,
      reason: verdict.status === 'success' ? null : verdict.reason,
      claim: claim?.status ?? null,
      claimed_usage: claim?.usage ?? null,
      duration_seconds: secondsSince(started),
      files_added: change.added.length,
      files_changed: change.changed.length,
      files_removed: change.removed.length,
      processes_killed: new Set(killed).size,
    } satisfies EventMetadata<'attempt_end'>;
    if (verdict.status === 'success') log.info(`Attempt ${attempt} succeeded`, { event: 'attempt_end', metadata: facts });
    else {
      const thrown = verdict.error === undefined ? {} : { error: verdict.error };
      log.error(`Attempt ${attempt} failed: ${verdict.message}`, { event: 'attempt_end', metadata: facts, ...thrown });
    }
    return { verdict, change, after };
  });
}

/** Seconds since a reading of the monotonic clock, to the millisecond. */
export function secondsSince(started: number): number {
  return Math.round(performance.now() - started) / 1000;
}

/** A signal that aborts, with the reason, on the time limit or when the run is interrupted, whichever comes first. */
function limitAttempt(order: RunOrder): { signal: AbortSignal & { reason: 'time_limit' | 'interrupted' }; clear(): void } {
  const controller = new AbortController();
  const limitMs = Math.min(order.config.timeouts.step_timeout_seconds * 1000, LONGEST_TIMER_MS);
  const timer = setTimeout(() => controller.abort('time_limit'), limitMs);
  const interrupt = () => controller.abort('interrupted');
  if (order.signal.aborted) interrupt();
  else order.signal.addEventListener('abort', interrupt, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      order.signal.removeEventListener('abort', interrupt);
    },
  };
}

function adapterStep(given: {
  order: RunOrder;
  step: ResolvedStep;
  attempt: number;
  promptFile: string;
  workspace: string;
  mark: string;
  env: Record<string, string>;
  endpoint: AdapterStep['endpoint'];
  signal: AbortSignal;
}): AdapterStep {
  const { order, step, attempt, promptFile, workspace, mark, env, endpoint, signal } = given;
  const adapterLog = getLogger(`adapters/${order.adapterName}`, { component: 'adapter' });
  return {
    runId: order.runId,
    framework: order.framework,
    settings: order.settings,
    workspace,
    scratch: join(order.runDir, SCRATCH_DIR),
    model: order.model,
    randomSeed: order.config.random_seed,
    log: adapterLog,
    signal,
    mark,
    env,
    shutdownGraceSeconds: order.config.timeouts.shutdown_grace_seconds,
    step: step.step,
    name: step.name,
    attempt,
    prompt: step.prompt,
    promptFile,
    endpoint: endpoint === null ? null : { baseUrl: endpoint.baseUrl, apiKey: endpoint.apiKey },
    answerClarification: async (query) =>
      await answerClarification(query, {
        runDir: order.runDir,
        runId: order.runId,
        step: step.step,
        attempt,
        answer: order.hitlAnswer,
        log: adapterLog,
      }),
  };
}

/** Claims and measurements, weighed: a limit that was reached, then what the framework says, then what it did. */
function judge(
  order: RunOrder,
  answer: Answer,
  cut: 'time_limit' | 'interrupted' | null,
  did: { change: TreeChange; after: Tree },
): AttemptVerdict {
  if (cut === 'interrupted') return INTERRUPTED;
  if (cut === 'time_limit') {
    const limit = order.config.timeouts.step_timeout_seconds;
    return { status: 'timed_out', reason: 'time_limit', message: `it exceeded the time limit of ${limit} s` };
  }
  if (answer.kind === 'unsettled') throw new Error('unreachable: an attempt is left only after its signal aborted');
  if (answer.kind === 'threw') {
    const asked = answer.error instanceof StepwellError && answer.error.code === 'NO_HITL_TEXT';
    const message = answer.error instanceof Error ? answer.error.message : String(answer.error);
    return { status: 'failed', reason: asked ? 'framework_failed' : 'internal', message, error: answer.error };
  }
  const claim = answer.value;
  if (claim.status === 'failure') return { status: 'failed', reason: claim.reason, message: claim.message };
  const failed = artifactFailure(checkArtifacts(order.config.validation.artifacts, did.after.keys(), did.change));
  return failed === null ? { status: 'success' } : { status: 'failed', ...failed };
}
