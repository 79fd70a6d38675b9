/** The parts of a line that stay the same from call to call, as bytes. */
import type { Clock } from './clock.ts';
import { LEVELS } from './level.ts';
import type { Head, Tail } from './line.ts';

export interface HeadFields {
  readonly module: string;
  readonly component: string;
  readonly runId: string | null;
  readonly framework: string | null;
  readonly step: number | null;
}

const STAMP_LENGTH = 24;

export function headOf(level: number, fields: HeadFields): Head {
  const before = `{"level":"${LEVELS[level] as string}","timestamp":"`;
  const behind = [
    `","module":${JSON.stringify(fields.module)}`,
    `"component":${JSON.stringify(fields.component)}`,
    `"run_id":${JSON.stringify(fields.runId)}`,
    `"framework":${JSON.stringify(fields.framework)}`,
    `"step":${JSON.stringify(fields.step)}`,
    `"event":`,
  ].join(',');
  return { bytes: Buffer.from(`${before}${' '.repeat(STAMP_LENGTH)}${behind}`), stampAt: before.length, stampMs: -1 };
}

/** Puts the time into the head, unless it is there already. */
export function stamp(head: Head, ms: number, clock: Clock): void {
  if (head.stampMs === ms) return;
  head.stampMs = ms;
  head.bytes.write(clock.format(ms), head.stampAt, STAMP_LENGTH, 'latin1');
}

export function tailOf(attempt: number | null, writer: string): Tail {
  return {
    seq: Buffer.from(`${attempt === null ? '' : `,"attempt":${attempt}`},"seq":`),
    writer: Buffer.from(`,"writer":"${writer}"`),
  };
}
