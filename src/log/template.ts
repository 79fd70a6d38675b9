/** What the lines of a logger have in common, computed once: their file, and the parts that stay the same from call to call. */
import type { Level } from '../schema/index.ts';
import type { SecretRedactor } from '../secrets/index.ts';
import type { AppendFile } from '../store/index.ts';
import { eventJson, type LineTail, type LineTemplate } from './line.ts';

/** Severities, least first: the schema's, as plain data, since the log core loads no library. */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly Level[];

/** Characters of a time: `2026-11-22T14:15:03.120Z`. */
const TIMESTAMP_LENGTH = 24;
const MILLISECONDS_AT = 20;

export interface TemplateFields {
  readonly module: string;
  readonly component: string;
  readonly runId: string | null;
  readonly framework: string | null;
  readonly step: number | null;
}

/** Offset of the time, by level. */
const TIMESTAMP_OFFSETS = LEVELS.map((level) => `{"level":"${level}","timestamp":"`.length);

export function lineTemplate(level: number, fields: TemplateFields, event: string, redactor: SecretRedactor): LineTemplate {
  const text = [
    `{"level":"${LEVELS[level] as string}"`,
    `"timestamp":"${' '.repeat(TIMESTAMP_LENGTH)}"`,
    `"module":${JSON.stringify(fields.module)}`,
    `"component":${JSON.stringify(fields.component)}`,
    `"run_id":${JSON.stringify(fields.runId)}`,
    `"framework":${JSON.stringify(fields.framework)}`,
    `"step":${JSON.stringify(fields.step)}`,
    `"event":${eventJson(event, redactor)}`,
    `"message":`,
  ].join(',');
  return { event, bytes: Buffer.from(text), timestampOffset: TIMESTAMP_OFFSETS[level] as number, timestampMs: -1 };
}

/** Puts the time into the template, unless it is there already. */
export function setTimestamp(template: LineTemplate, ms: number, clock: Clock): void {
  if (template.timestampMs === ms) return;
  template.timestampMs = ms;
  template.bytes.set(clock.format(ms), template.timestampOffset);
}

export function lineTail(attempt: number | null, writer: string): LineTail {
  return {
    seq: Buffer.from(`${attempt === null ? '' : `,"attempt":${attempt}`},"seq":`),
    writer: Buffer.from(`,"writer":"${writer}"`),
  };
}

/** There are few events; a caller that invents one per record must not fill the memory. */
const MAX_TEMPLATES = 64;

export interface LoggerCache {
  readonly file: AppendFile;
  /** Records below `error` may be buffered. */
  readonly buffered: boolean;
  readonly fields: TemplateFields;
  /** By level: the template used last. */
  readonly lastUsed: (LineTemplate | null)[];
  /** By level and event; made when first used. */
  readonly templates: Map<string, LineTemplate>;
  readonly tail: LineTail;
}

export function loggerCacheOf(
  file: AppendFile,
  buffered: boolean,
  fields: TemplateFields,
  attempt: number | null,
  writer: string,
): LoggerCache {
  const lastUsed = [null, null, null, null, null];
  return { file, buffered, fields, lastUsed, templates: new Map(), tail: lineTail(attempt, writer) };
}

export function templateOf(cache: LoggerCache, level: number, event: string, redactor: SecretRedactor): LineTemplate {
  const template = cache.lastUsed[level];
  return template?.event === event ? template : switchTemplate(cache, level, event, redactor);
}

function switchTemplate(
  { fields, templates, lastUsed }: LoggerCache,
  level: number,
  event: string,
  redactor: SecretRedactor,
): LineTemplate {
  const key = `${level}${event}`;
  let template = templates.get(key);
  if (template === undefined) {
    if (templates.size >= MAX_TEMPLATES) templates.clear();
    template = lineTemplate(level, fields, event, redactor);
    templates.set(key, template);
  }
  lastUsed[level] = template;
  return template;
}

/** Wall-clock time as records hold it: milliseconds, never backwards within a process. */
export class Clock {
  readonly #now: () => number;
  #latest = 0;
  readonly #text = new Uint8Array(TIMESTAMP_LENGTH);
  #textOf = -1;
  /** The second that #text shows. */
  #second = -1;

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** Milliseconds since 1970. When the clock is set back, time does not move until it has caught up. */
  read(): number {
    const now = this.#now();
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }

  /** ISO 8601, UTC, milliseconds, `Z`, as bytes that the next call may change. */
  format(ms: number): Uint8Array {
    const text = this.#text;
    if (ms === this.#textOf) return text;
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      text.set(Buffer.from(new Date(second * 1000).toISOString(), 'latin1'));
      this.#second = second;
    }
    const rest = ms - second * 1000;
    text[MILLISECONDS_AT] = 48 + ((rest / 100) | 0);
    text[MILLISECONDS_AT + 1] = 48 + (((rest / 10) | 0) % 10);
    text[MILLISECONDS_AT + 2] = 48 + (rest % 10);
    this.#textOf = ms;
    return text;
  }
}
