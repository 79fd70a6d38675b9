/** The last output lines of the running process: the first thing to look at when it fails. */
import { truncate } from './problems.ts';

const KEPT_LINES = 12;
const LINE_LENGTH = 200;

export interface OutputState {
  step: number | null;
  attempt: number | null;
  lines: string[];
}

export function emptyOutput(): OutputState {
  return { step: null, attempt: null, lines: [] };
}

export function restartOutput(state: OutputState, step: number | null, attempt: number | null): void {
  state.step = step;
  state.attempt = attempt;
  state.lines = [];
}

/** `part` numbers the parts of a long line; only the first part is kept. */
export function addOutput(
  state: OutputState,
  step: number | null,
  attempt: number | undefined,
  text: string,
  part: unknown,
): void {
  if (step !== state.step || (attempt !== undefined && state.attempt !== null && attempt !== state.attempt)) return;
  if (typeof part === 'number' && part > 1) return;
  if (text.trim() === '') return;
  state.lines.push(truncate(text, LINE_LENGTH));
  if (state.lines.length > KEPT_LINES) state.lines.shift();
}
