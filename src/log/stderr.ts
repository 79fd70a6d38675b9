/** The way out for records that have no run, and for the mirror of those that have one. */
import { writeSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Level, LogRecord } from '../schema.ts';
import { errnoOf } from '../store/errno.ts';

const TRIES = 50;

/** Writes at once and never throws; a closed stderr swallows the text. */
export function writeStderr(text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0, tries = 0; done < bytes.length && tries < TRIES;) {
    try {
      done += writeSync(2, bytes, done);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return;
      // A full pipe whose reader is slow.
      tries += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

const COLORS: Record<Level, number> = { debug: 2, info: 36, warn: 33, error: 31, fatal: 35 };

/** A record as a person reads it: `14:15:03.120 WARN  adapter (step 3) retrying {"attempt":2}`. */
export function readableRecord(record: LogRecord, color: boolean): string {
  const { level, timestamp, component, step, message, metadata, error } = record;
  const word = level.toUpperCase().padEnd(5);
  const shownLevel = color ? `\u001B[${COLORS[level]}m${word}\u001B[0m` : word;
  const place = step === null ? component : `${component} (step ${step})`;
  const facts = Object.keys(metadata).length === 0 ? '' : ` ${JSON.stringify(metadata)}`;
  const stack = error === undefined ? '' : `\n${shown(error.stack ?? `${error.type}: ${error.message}`)}`;
  return `${timestamp.slice(11, 23)} ${shownLevel} ${place} ${shown(message)}${facts}${stack}\n`;
}

/** A message may come from a child's output: it must not steer the terminal. */
function shown(text: string): string {
  // eslint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '\uFFFD');
}
