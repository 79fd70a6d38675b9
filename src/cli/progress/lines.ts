/** Progress as plain lines, for pipes, CI and files: one line for each thing that happened. */
import type { ProgressEvent } from '../../experiment.ts';
import type { LogRecord } from '../../schema.ts';
import { counted, duration } from '../../format.ts';
import { cut, sanitizeLine } from '../../terminal.ts';
import { stepSeconds, type RunView, type StepView } from './view.ts';
import { callsWord, runTitle, stateWord } from './words.ts';

/** Of a line; names and messages may be long. */
const MOST_COLUMNS = 200;

/** What there is to say of an event that has been taken into the view; null for most records. */
export function lineOf(event: ProgressEvent, view: RunView): string | null {
  const said = whatHappened(event, view);
  if (said === null) return null;
  // Several runs may be live, so each line names its own.
  return cut(sanitizeLine(`${view.run.framework} ${view.run.runId.slice(-4)}  ${said}`), MOST_COLUMNS);
}

function whatHappened(event: ProgressEvent, view: RunView): string | null {
  switch (event.type) {
    case 'run_started': {
      const steps = counted(view.steps.length, 'step');
      return `started: ${runTitle(view)}, ${steps}`;
    }
    case 'sealing':
      return null;
    case 'run_finished':
      return `${event.result.status.replace('_', ' ')} after ${duration(event.result.durationSeconds)}`;
    case 'record': {
      if (event.record.event === 'run_end') return 'sealing the record';
      const step = view.steps.find((other) => other.step === event.record.step);
      return step === undefined ? null : ofStep(event.record, step);
    }
    default:
      return event satisfies never;
  }
}

function ofStep({ event, message, metadata: { status } }: LogRecord, step: StepView): string | null {
  const name = `step ${step.step} ${step.name}`;
  switch (event) {
    case 'attempt_start':
      return `${name}: attempt ${step.attempt}`;
    case 'attempt_end':
      // That of a success is told by the end of the step.
      return status === 'success' ? null : `${name}: ${message}`;
    case 'retry_scheduled':
      return `${name}: ${message}`;
    case 'step_end': {
      const parts = [`${stateWord(step.state)} in ${duration(stepSeconds(step, step.endedAt ?? 0))}`, callsWord(step)];
      return `${name}: ${parts.filter((part) => part !== '').join(', ')}`;
    }
    default:
      return null;
  }
}
