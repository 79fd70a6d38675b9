/** Warnings and errors: all are counted; the first and last few are kept. */
import type { ErrorFacts, LogRecord, ProblemExample, ProblemSummary, RecordedError } from '../../schema/index.ts';

const KEPT = 5;
export const MESSAGE_LENGTH = 400;
const CAUSES = 5;

export interface ProblemState {
  count: number;
  first: ProblemExample[];
  last: ProblemExample[];
}

export function emptyProblems(): ProblemState {
  return { count: 0, first: [], last: [] };
}

export function addProblem(state: ProblemState, record: LogRecord, file: string, line: number): void {
  state.count += 1;
  const example: ProblemExample = {
    timestamp: record.timestamp,
    level: record.level,
    component: record.component,
    step: record.step,
    attempt: record.attempt ?? null,
    event: record.event,
    message: truncate(problemMessage(record), MESSAGE_LENGTH),
    file,
    line,
  };
  if (state.first.length < KEPT) {
    state.first.push(example);
  } else {
    state.last.push(example);
    if (state.last.length > KEPT) state.last.shift();
  }
}

export function problemSummary(state: ProblemState): ProblemSummary {
  return { count: state.count, first: [...state.first], last: [...state.last] };
}

/** The message, plus the error's text unless the message already contains it. */
function problemMessage(record: LogRecord): string {
  const { message, error } = record;
  if (error === undefined || message.includes(error.message)) return message === '' ? `(${record.event})` : message;
  const own = `${error.type}: ${error.message}`;
  return message === '' ? own : `${message}: ${own}`;
}

export function errorSummary(error: RecordedError): ErrorFacts {
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined && causes.length < CAUSES; cause = cause.cause) {
    causes.push(truncate(`${cause.type}: ${cause.message}`, MESSAGE_LENGTH));
  }
  return { type: truncate(error.type, 100), message: truncate(error.message, MESSAGE_LENGTH), code: error.code ?? null, causes };
}

/** At most `length` UTF-16 units, never through a surrogate pair. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = text.slice(0, length - 3);
  return `${/[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head}...`;
}
