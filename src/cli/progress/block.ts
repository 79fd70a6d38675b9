/** Progress as a block of lines that is drawn over and over on a terminal. */
import { pluralize } from '../../format/index.ts';
import { type Paint, cut, pad, sanitizeLine, styleOf, widthOf } from '../../terminal/index.ts';
import { runSeconds, stepSeconds, type RunView, type StepState, type StepView } from './view.ts';
import { callsWord, runState, runTitle, stateOf, took } from './words.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SIGN: Partial<Record<StepState, string>> = { waiting: '·', not_reached: '·', backoff: '…', success: '✔', interrupted: '■' };
/** Room for state and calls beside a name. */
const REST_WIDTH = 58;
const LEAST_NAME_WIDTH = 16;
const TIME_WIDTH = 7;

export interface BlockOptions {
  /** No line is longer. */
  readonly columns: number;
  /** No more lines. */
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Counts up; turns the spinner. */
  readonly frame: number;
  readonly paint: Paint;
}

/** The block as it is now. Of several runs, those that are done take one line; where there is no room, the rest is counted. */
export function renderBlock(view: readonly RunView[], options: BlockOptions): string[] {
  const nameWidth = nameWidthOf(view, options.columns);
  const full = view.flatMap((run) => {
    const isOver = run.phase === 'done' && view.length > 1;
    const steps = isOver ? [] : run.steps;
    return [runLine(run, options), ...steps.map((step) => stepLine(step, nameWidth, options))];
  });
  if (full.length <= options.rows) return full;
  // Too long for the screen: only what moves.
  const short = view.flatMap((run) => {
    if (run.phase === 'done') return [];
    const moving = run.steps.filter(isMoving);
    return [runLine(run, options), ...moving.map((step) => stepLine(step, nameWidth, options))];
  });
  const done = view.filter((run) => run.phase === 'done').length;
  const head = done > 0 ? [`${pluralize(done, 'run is', 'runs are')} done`] : [];
  const lines = [...head, ...short];
  if (lines.length <= options.rows) return lines;
  const shown = lines.slice(0, Math.max(0, options.rows - 1));
  return [...shown, options.paint('dim', `… ${lines.length - shown.length} more lines`)].slice(0, options.rows);
}

function runLine(view: RunView, { columns, now, frame, paint }: BlockOptions): string {
  const sign = view.phase === 'done' ? (view.status === 'success' ? '✔' : '✖') : (SPINNER[frame % SPINNER.length] ?? '');
  const style = styleOf(view.phase === 'done' ? view.status : 'running');
  const tail = `  ${runState(view)}  ${took(runSeconds(view, now))}`;
  const title = cut(sanitizeLine(runTitle(view.run)), Math.max(8, columns - 3 - widthOf(tail)));
  return cutPainted(
    [
      [style, `${sign} `],
      ['bold', title],
      ['dim', tail],
    ],
    columns,
    paint,
  );
}

/** As wide as the longest name, if that leaves room for the rest. */
function nameWidthOf(view: readonly RunView[], columns: number): number {
  const longest = Math.max(0, ...view.flatMap(({ steps }) => steps.map((step) => widthOf(numbered(step)))));
  return Math.min(longest, Math.max(LEAST_NAME_WIDTH, columns - REST_WIDTH));
}

function numbered({ step, name }: StepView): string {
  return sanitizeLine(`${String(step).padStart(2)} ${name}`);
}

function stepLine(step: StepView, nameWidth: number, { columns, now, frame, paint }: BlockOptions): string {
  const moving = isMoving(step) && step.state !== 'backoff';
  const sign = moving ? (SPINNER[frame % SPINNER.length] ?? '') : (SIGN[step.state] ?? '✖');
  const style = styleOf(step.state === 'backoff' ? 'running' : step.state);
  const name = pad(cut(numbered(step), nameWidth), nameWidth);
  const state = stateOf(step, now);
  const time = took(stepSeconds(step, now)).padStart(TIME_WIDTH);
  const calls = callsWord(step);
  return cutPainted(
    [
      [style, `  ${sign} `],
      [step.state === 'waiting' || step.state === 'not_reached' ? 'dim' : null, name],
      [null, ` ${time}  `],
      [style, state],
      ['dim', calls === '' ? '' : `  ${calls}`],
    ],
    columns,
    paint,
  );
}

function isMoving({ state, validating }: StepView): boolean {
  return state === 'running' || state === 'backoff' || validating;
}

type Piece = readonly [style: Parameters<Paint>[0] | null, text: string];

/** Cuts the text, not the color codes. */
function cutPainted(pieces: readonly Piece[], columns: number, paint: Paint): string {
  let left = columns;
  return pieces
    .map(([style, text]) => {
      const shown = cut(text, Math.max(0, left));
      left -= widthOf(shown);
      return style === null ? shown : paint(style, shown);
    })
    .join('');
}
