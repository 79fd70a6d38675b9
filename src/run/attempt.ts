/** One attempt at a step: the framework works, its processes are ended, and what it did is measured. */
import { join } from 'node:path';
import { messageOf, StepwellError } from '../errors.ts';
import { killMarked } from '../exec.ts';
import { getLogger, withStep } from '../log.ts';
import { toSeconds, type EventMetadata } from '../schema.ts';
import { compareTrees, snapshotTree, WORKSPACE_DIR, type Tree, type TreeChange } from '../store.ts';
import { artifactFailure, checkArtifacts } from '../validate.ts';
import type { FrameworkClaim } from './adapter.ts';
import type { ResolvedStep } from '../config.ts';
import { makeSurroundings } from './environment.ts';
import { EVENTS_VARIABLE, openEventFile, type EventFile } from './event-file.ts';
import { recordable, type AttemptVerdict } from './failure.ts';
import { adapterRunOf, adapterStepOf } from './handover.ts';
import { budgetCut, cutVerdict, startLimit, type Cut } from './limit.ts';
import type { RunOrder } from './order.ts';
import { settled, settledOrAborted, SETTLE_MS, type Settled } from './settle.ts';

const log = getLogger('run/attempt', { component: 'orchestrator' });

export interface AttemptResult {
  readonly verdict: AttemptVerdict;
  readonly change: TreeChange;
  readonly after: Tree;
}

type Answer = Settled<FrameworkClaim> | { readonly kind: 'unsettled' };

/**
 * Runs one attempt in a scope of its own and records it. Throws only when the attempt could not even be set up.
 *
 * @param given.eventFiles takes the attempt's own, which the run closes at its end
 */
export async function runAttempt(
  order: RunOrder,
  step: ResolvedStep,
  attempt: number,
  { promptFile, eventFiles }: { promptFile: string; eventFiles: EventFile[] },
): Promise<AttemptResult> {
  return await withStep(step.step, { attempt }, async () => {
    const workspace = join(order.runDir, WORKSPACE_DIR);
    const before = await snapshotTree(workspace);
    const purpose = `step_${step.step}_attempt_${attempt}`;
    const events = await openEventFile(order.runDir, purpose);
    eventFiles.push(events);
    const surroundings = await makeSurroundings({
      runDir: order.runDir,
      runId: order.runId,
      purpose,
      parentEnv: order.parentEnv,
      extra: {
        ...order.settings.env,
        STEPWELL_STEP: String(step.step),
        STEPWELL_ATTEMPT: String(attempt),
        [EVENTS_VARIABLE]: events.path,
      },
    });
    const { mark } = surroundings;
    const endpoint = order.meter?.openAttempt({ step: step.step, attempt }) ?? null;
    const budget = endpoint?.budgetExceeded ?? null;
    const limit = startLimit(order, budget);
    const started = performance.now();
    log.info(`Attempt ${attempt} at step ${step.step} begins`, {
      event: 'attempt_start',
      metadata: { mark, metered: endpoint !== null } satisfies EventMetadata<'attempt_start'>,
    });

    const { signal } = limit;
    const handed = adapterStepOf(order, adapterRunOf(order, surroundings, endpoint, signal), step, {
      attempt,
      promptFile,
      endpoint,
    });
    const work = settled(() => order.adapter.runStep(handed));
    const killed: number[] = [];
    const endProcesses = async (): Promise<void> => {
      const graceMs = order.config.timeouts.shutdown_grace_seconds * 1000;
      const ended = await Promise.all([mark, `${mark}:`].map(async (each) => await killMarked(each, { graceMs })));
      killed.push(...ended.flatMap((each) => each.killed));
      const pids = ended.flatMap((each) => each.survivors);
      if (pids.length > 0) {
        log.error(`Processes of the attempt could not be ended: ${pids.join(', ')}`, {
          event: 'processes_survived',
          metadata: { pids } satisfies EventMetadata<'processes_survived'>,
        });
      }
    };
    let answer: Answer;
    try {
      answer = await settledOrAborted(work, { signal, onAbort: endProcesses, settleMs: SETTLE_MS });
    } finally {
      limit.release();
    }
    const said = claimOf(answer, limit.cut);
    if (answer.kind === 'unsettled') log.warn('The adapter did not return after its time had ended; the run goes on without it');
    const measured = await settled(async () => {
      // An attempt's processes end with it, also after success: nothing may change the workspace while it is measured.
      await endProcesses();
      await events.finish();
      await endpoint?.close();
      return await snapshotTree(workspace);
    });

    const after = measured.kind === 'value' ? measured.value : before;
    const change = compareTrees(before, after);
    // Also where the framework made nothing of the refusal and ended by itself.
    const cut = limit.cut ?? budgetCut(budget);
    const verdict =
      measured.kind === 'threw' && cut === null ? threwVerdict(measured.error) : judge(order, answer, cut, { change, after });
    recordEnd({ attempt, verdict, claim: said, started, change, killed });
    return { verdict, change, after };
  });
}

/** What the framework said. What its adapter answers once it has been cut off is no word of the framework's. */
function claimOf(answer: Answer, cut: Cut | null): FrameworkClaim | null {
  return cut === null && answer.kind === 'value' ? answer.value : null;
}

function recordEnd(ended: {
  attempt: number;
  verdict: AttemptVerdict;
  claim: FrameworkClaim | null;
  started: number;
  change: TreeChange;
  killed: readonly number[];
}): void {
  const { attempt, verdict, claim, change } = ended;
  const metadata = {
    status: verdict.status,
    reason: verdict.status === 'success' ? null : verdict.reason,
    claim: claim?.status ?? null,
    claimed_usage: claim?.usage ?? null,
    duration_seconds: secondsSince(ended.started),
    files_added: change.added.length,
    files_changed: change.changed.length,
    files_removed: change.removed.length,
    processes_killed: new Set(ended.killed).size,
  } satisfies EventMetadata<'attempt_end'>;
  if (verdict.status === 'success') log.info(`Attempt ${attempt} succeeded`, { event: 'attempt_end', metadata });
  else {
    const thrown = verdict.error === undefined ? {} : { error: recordable(verdict.error) };
    log.error(`Attempt ${attempt} failed: ${verdict.message}`, { event: 'attempt_end', metadata, ...thrown });
  }
}

/** Seconds since a reading of the monotonic clock, to the millisecond. */
export function secondsSince(started: number): number {
  return toSeconds(performance.now() - started);
}

/** Claims and measurements, weighed: a limit that was reached, then what the framework says, then what it did. */
function judge(order: RunOrder, answer: Answer, cut: Cut | null, did: { change: TreeChange; after: Tree }): AttemptVerdict {
  if (cut !== null) return cutVerdict(cut, order);
  if (answer.kind === 'unsettled') throw new Error('unreachable: an attempt is left only after its signal aborted');
  if (answer.kind === 'threw') return threwVerdict(answer.error);
  const claim = answer.value;
  if (claim.status === 'failure') return { status: 'failed', reason: claim.reason, message: claim.message };
  const failed = artifactFailure(checkArtifacts(order.config.validation.artifacts, did.after.keys(), did.change));
  return failed === null ? { status: 'success' } : { status: 'failed', ...failed };
}

/** An error of the catalogue says what the framework lacks: its program, an answer. Anything else is a fault of the adapter or of ours. */
function threwVerdict(error: unknown): AttemptVerdict {
  const reason = error instanceof StepwellError ? 'framework_failed' : 'internal';
  return { status: 'failed', reason, message: messageOf(error), error };
}
