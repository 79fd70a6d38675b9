/** What block and lines say in the same words. */
import { count, duration, plural, shortCount } from '../../format.ts';
import type { RunView, StepState, StepView } from './view.ts';

const STATE: Record<StepState, string> = {
  waiting: 'waiting',
  running: 'running',
  backoff: 'waiting to retry',
  success: 'success',
  failed: 'failed',
  timed_out: 'timed out',
  interrupted: 'interrupted',
  crashed: 'crashed',
  not_reached: 'not reached',
};

/** What a step does or came to; `now` counts down to the next attempt. */
export function stateOf(step: StepView, now: number): string {
  if (step.validating) return 'validating';
  if (step.state === 'backoff' && step.retryAt !== null) {
    return `attempt ${step.attempt + 1} in ${duration(Math.max(0, Math.ceil((step.retryAt - now) / 1000)))}`;
  }
  const word = stateWord(step.state);
  if (step.attempt < 2) return word;
  return step.state === 'running' ? `attempt ${step.attempt}` : `${word}, attempt ${step.attempt}`;
}

export function stateWord(state: StepState): string {
  return STATE[state];
}

/** `2 calls, 1.2k in, 340 out`; a + where some call told no tokens; nothing where calls cannot be seen. */
export function callsWord(step: StepView): string {
  if (step.calls === 0 && step.openCalls === 0) return step.metered && step.endedAt !== null ? '0 calls' : '';
  const calls = `${count(step.calls)} ${plural(step.calls, 'call')}`;
  const open = step.openCalls > 0 ? ` (+${step.openCalls})` : '';
  if (step.calls === 0) return calls + open;
  const atLeast = step.callsWithoutTokens > 0 ? '+' : '';
  return `${calls}${open}, ${shortCount(step.tokensIn)}${atLeast} in, ${shortCount(step.tokensOut)}${atLeast} out`;
}

export function runTitle({ run }: RunView): string {
  const round = run.round > 1 ? ` round ${run.round}` : '';
  const replay = run.replayOf === null ? '' : `, replay of ${run.replayOf}`;
  return `${run.framework} ${run.runId}${round} (${run.model}${replay})`;
}

export function runState(view: RunView): string {
  switch (view.phase) {
    case 'preparing':
      return 'preparing';
    case 'steps': {
      const done = view.steps.filter((step) => step.endedAt !== null && !step.validating).length;
      return `step ${Math.min(done + 1, view.steps.length)} of ${view.steps.length}`;
    }
    case 'stopping':
      return 'stopping';
    case 'sealing':
      return 'sealing the record';
    case 'done':
      return view.status.replace('_', ' ');
    default:
      return view.phase satisfies never;
  }
}

export function took(seconds: number | null): string {
  return seconds === null ? '' : duration(seconds);
}
