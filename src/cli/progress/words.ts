/** What block and lines say in the same words. */
import type { StartedRun } from '../../experiment/index.ts';
import { pluralizeGrouped, formatDuration, formatShortCount } from '../../format/index.ts';
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
  unknown: 'unknown',
};

/** What a step does or came to; `now` counts down to the next attempt. */
export function stateOf(step: StepView, now: number): string {
  if (step.validating) return 'validating';
  if (step.state === 'backoff' && step.retryAt !== null) {
    return `attempt ${step.attempt + 1} in ${formatDuration(Math.max(0, Math.ceil((step.retryAt - now) / 1000)))}`;
  }
  const word = stateWord(step.state);
  if (step.attempt < 2) return word;
  return step.state === 'running' ? `attempt ${step.attempt}` : `${word}, attempt ${step.attempt}`;
}

export function stateWord(state: StepState): string {
  return STATE[state];
}

/** `2 calls (+1), 1.2k in, 340 out`: ended ones, and those under way; a + behind a lower bound. Nothing before the first call. */
export function callsWord({ usage, endedAt }: StepView): string {
  if (usage === null) return '';
  const { api_calls, open_calls, calls_without_usage, tokens_in, tokens_out } = usage;
  if (api_calls === null || (api_calls === 0 && usage.unmetered_attempts > 0)) return endedAt === null ? '' : 'calls unknown';
  if (api_calls === 0) return endedAt === null ? '' : '0 calls';
  const ended = api_calls - open_calls;
  const calls = `${pluralizeGrouped(ended, 'call')}${open_calls > 0 ? ` (+${open_calls})` : ''}`;
  if (ended === 0) return calls;
  if (tokens_in === null && tokens_out === null) return `${calls}, tokens unknown`;
  const shown = (tokens: number | null): string =>
    `${formatShortCount(tokens)}${tokens !== null && calls_without_usage > 0 ? '+' : ''}`;
  return `${calls}, ${shown(tokens_in)} in, ${shown(tokens_out)} out`;
}

export function runTitle(run: StartedRun): string {
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
  return seconds === null ? '' : formatDuration(seconds);
}
