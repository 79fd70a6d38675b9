/** The parts of a line that stay the same from call to call, as bytes. */
import { STAMP_LENGTH, type Clock } from './clock.ts';
import { LEVELS } from './level.ts';
import { eventJson, type Head, type Tail } from './line.ts';
import type { SecretRedactor } from '../secrets.ts';

export interface HeadFields {
  readonly module: string;
  readonly component: string;
  readonly runId: string | null;
  readonly framework: string | null;
  readonly step: number | null;
}

/** Where the time stands, by level. */
const STAMP_AT = LEVELS.map((level) => `{"level":"${level}","timestamp":"`.length);

export function headOf(level: number, fields: HeadFields, event: string, redactor: SecretRedactor): Head {
  const text = [
    `{"level":"${LEVELS[level] as string}"`,
    `"timestamp":"${' '.repeat(STAMP_LENGTH)}"`,
    `"module":${JSON.stringify(fields.module)}`,
    `"component":${JSON.stringify(fields.component)}`,
    `"run_id":${JSON.stringify(fields.runId)}`,
    `"framework":${JSON.stringify(fields.framework)}`,
    `"step":${JSON.stringify(fields.step)}`,
    `"event":${eventJson(event, redactor)}`,
    `"message":`,
  ].join(',');
  return { event, bytes: Buffer.from(text), stampAt: STAMP_AT[level] as number, stampMs: -1 };
}

/** Puts the time into the head, unless it is there already. */
export function stamp(head: Head, ms: number, clock: Clock): void {
  if (head.stampMs === ms) return;
  head.stampMs = ms;
  head.bytes.set(clock.format(ms), head.stampAt);
}

export function tailOf(attempt: number | null, writer: string): Tail {
  return {
    seq: Buffer.from(`${attempt === null ? '' : `,"attempt":${attempt}`},"seq":`),
    writer: Buffer.from(`,"writer":"${writer}"`),
  };
}
