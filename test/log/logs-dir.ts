/** A logs directory that is thrown away, and what stands in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogRecord } from '../../src/schema/index.ts';

export interface LogsDir extends Disposable {
  readonly path: string;
  /** Paths of files relative to the directory, sorted. */
  files(): string[];
  lines(file: string): string[];
  /** Every line as a record of the strict shape. */
  records(file: string): LogRecord[];
}

export function createLogsDir(): LogsDir {
  const root = mkdtempSync(join(tmpdir(), 'stepwell-log-'));
  const path = join(root, 'logs');
  const lines = (file: string): string[] => readFileSync(join(path, file), 'utf8').split('\n').slice(0, -1);
  return {
    path,
    files: () =>
      readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.log'))
        .sort(),
    lines,
    records: (file) => lines(file).map((line) => LogRecord.parse(JSON.parse(line))),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

export const messages = (records: readonly LogRecord[]): string[] => records.map(({ message }) => message);
