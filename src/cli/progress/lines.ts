/** Progress as plain lines, for pipes, CI and files: one line for each thing that happened. */
import type { ProgressEvent } from '../../experiment/index.ts';
import { pluralize, formatDuration } from '../../format/index.ts';
import { cut, sanitizeLine } from '../../terminal/index.ts';
import { stepSeconds, type ExperimentView, type StepView } from './view.ts';
import { callsWord, runTitle, stateWord } from './words.ts';

/** Of a line; names and messages may be long. */
const MOST_COLUMNS = 200;

/** What there is to say of an event that has been taken into the view; null for most records. */
export function lineOf(event: ProgressEvent, view: ExperimentView): string | null {
  const said = whatHappened(event, view);
  if (said === null) return null;
  const { framework, runId } = event.run;
  // Several runs may be live, so each line names its own.
  return cut(sanitizeLine(`${framework} ${runId.slice(-4)}  ${said}`), MOST_COLUMNS);
}

function whatHappened(event: ProgressEvent, view: ExperimentView): string | null {
  switch (event.type) {
    case 'run_started': {
      const { steps } = event.run;
      return `started: ${runTitle(event.run)}, ${pluralize(steps.length, 'step')}`;
    }
    case 'sealing':
      return null;
    case 'run_finished':
      return `${event.result.status.replace('_', ' ')} after ${formatDuration(event.result.durationSeconds)}`;
    case 'record': {
      const { record } = event;
      if (record.event === 'run_end') return 'sealing the record';
      // Most records say nothing here: a view is made for those that do.
      const say = ofStep.get(record.event);
      const step = say === undefined || record.step === null ? null : view.step(event.run.runId, record.step);
      const words = step === null ? null : (say?.(step, record.message) ?? null);
      return step === null || words === null ? null : `step ${step.step} ${step.name}: ${words}`;
    }
    default:
      return event satisfies never;
  }
}

/** By event. */
const ofStep: ReadonlyMap<string, (step: StepView, message: string) => string | null> = new Map([
  ['attempt_start', (step: StepView) => `attempt ${step.attempt}`],
  // That of a success is told by the end of the step.
  ['attempt_end', (step: StepView, message: string) => (step.attemptSucceeded ? null : message)],
  ['retry_scheduled', (_step: StepView, message: string) => message],
  [
    'step_end',
    (step: StepView) => {
      const parts = [`${stateWord(step.state)} in ${formatDuration(stepSeconds(step, step.endedAt ?? 0))}`, callsWord(step)];
      return parts.filter((part) => part !== '').join(', ');
    },
  ],
]);
