/** Shows an experiment's progress on a stream: as a live block on a terminal, as plain lines anywhere else. */
import type { ProgressEvent } from '../../experiment/index.ts';
import { type Paint, widthOf } from '../../terminal/index.ts';
import { renderBlock } from './block.ts';
import { lineOf } from './lines.ts';
import { createExperimentView } from './view.ts';

const FRAME_MS = 100;

/** The part of a stream that a display needs. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface Display extends Disposable {
  update(event: ProgressEvent): void;
  /** Writes a line of its own, above the block. */
  say(line: string): void;
}

/** Whether a block can be drawn: a terminal that can move its cursor, and no CI, whose logs keep every frame. */
export function canDrawOn(screen: Screen, env: NodeJS.ProcessEnv): boolean {
  return screen.isTTY === true && env['TERM'] !== 'dumb' && (env['CI'] ?? '') === '';
}

/** One plain line for each thing that happens. */
export function lineDisplay(write: (text: string) => void): Display {
  const view = createExperimentView();
  return {
    update(event) {
      view.push(event);
      const line = lineOf(event, view);
      if (line !== null) write(`${line}\n`);
    },
    say: (line) => write(`${line}\n`),
    [Symbol.dispose]() {
      // Lines leave nothing to put back.
    },
  };
}

/** A block that is drawn again ten times a second, each time in one write, so that nothing flickers. */
export function blockDisplay(screen: Screen, paint: Paint, now: () => number = Date.now): Display {
  const view = createExperimentView();
  let frame = 0;
  /** Widths of the lines on screen. */
  let drawn: number[] = [];

  // Some terminals do not know their size and say 0 × 0.
  const columns = (): number => Math.max(20, screen.columns || 80);
  const rows = (): number => Math.max(2, screen.rows || 24);
  /** Back to the first line of the block. A terminal that has become narrower has wrapped what stood there. */
  const back = (): string => {
    const height = drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns())), 0);
    return height === 0 ? '' : `\u001b[${height}A\r`;
  };
  const draw = (before = ''): void => {
    // A line as wide as the terminal wraps on some of them, and a block as high as it scrolls.
    const lines = renderBlock(view.runs(), {
      columns: columns() - 1,
      rows: rows() - 1,
      now: now(),
      frame,
      paint,
    });
    const text = lines.map((line) => `${line}\u001b[K\n`).join('');
    screen.write(`\u001b[?2026h${back()}${before === '' ? '' : `\u001b[J${before}`}${text}\u001b[J\u001b[?2026l`);
    drawn = lines.map((line) => widthOf(line));
  };
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, FRAME_MS);
  timer.unref();
  const resized = (): void => draw();
  screen.on?.('resize', resized);
  screen.write('\u001b[?25l');
  // Whatever ends the process: the cursor comes back.
  const showCursor = (): void => void screen.write('\u001b[?25h');
  process.once('exit', showCursor);

  return {
    update(event) {
      view.push(event);
      if (event.type !== 'record') draw();
    },
    say: (line) => draw(`${line}\n`),
    [Symbol.dispose]() {
      clearInterval(timer);
      screen.off?.('resize', resized);
      draw();
      process.off('exit', showCursor);
      showCursor();
    },
  };
}
