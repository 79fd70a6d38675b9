/** Runs one validation in a scratch run directory and reads back what it recorded. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withRun, withStep } from '../../src/log/index.ts';
import type { EventMetadata, EventName, LogRecord } from '../../src/schema/index.ts';
import { EVENT_METADATA, ValidationConfig } from '../../src/schema/index.ts';
import type { ValidationOptions, ValidationResult } from '../../src/validate/index.ts';
import { validateStep } from '../../src/validate/index.ts';

export const service = join(import.meta.dirname, 'service.mjs');

export interface Recorded {
  readonly result: ValidationResult;
  readonly records: LogRecord[];
  /** Metadata of all records of one event, in order. */
  readonly of: <E extends EventName>(event: E) => EventMetadata<E>[];
  /** `name: ok` or `name: why not` of each HTTP check. */
  readonly checks: () => string[];
}

/** An app that is the test service in the given mode, with short limits. */
export function appOf(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { command: [process.execPath, service], start_timeout_seconds: 20, request_timeout_seconds: 10, ...more };
}

export async function validated(
  config: Record<string, unknown>,
  mode: string,
  more: Partial<ValidationOptions> & { files?: (workspace: string) => void; onStart?: (logsDir: string) => void } = {},
): Promise<Recorded> {
  const directory = mkdtempSync(join(tmpdir(), 'stepwell-validate-'));
  const workspace = join(directory, 'workspace');
  const logsDir = join(directory, 'logs');
  mkdirSync(workspace);
  more.files?.(workspace);
  const runId = `validate-${process.pid}-${mode}`;
  try {
    const result = await withRun(
      { runId, framework: 'test', logsDir },
      async () =>
        await withStep(more.step ?? 1, async () => {
          more.onStart?.(logsDir);
          return await validateStep({
            workspace,
            config: ValidationConfig.parse(config),
            step: 1,
            healthIntervalSeconds: 60,
            env: { PATH: process.env['PATH'] ?? '', MODE: mode },
            processTag: `${runId}:${Math.random().toString(16).slice(2)}`,
            signal: new AbortController().signal,
            graceSeconds: 5,
            unique: 'uabc',
            ...more,
          });
        }),
    );
    const records = recordsIn(logsDir, more.step ?? 1);
    for (const record of records) {
      assert.equal(record.component, 'validator');
      if (record.event in EVENT_METADATA) EVENT_METADATA[record.event as EventName].strict().parse(record.metadata);
    }
    const of = <E extends EventName>(event: E) =>
      records.filter((record) => record.event === event).map((record) => record.metadata as EventMetadata<E>);
    return {
      result,
      records,
      of,
      checks: () => of('http_check').map((check) => `${check.name}: ${check.ok ? 'ok' : check.detail}`),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function recordsIn(logsDir: string, step: number): LogRecord[] {
  const file = join(logsDir, `step_${String(step).padStart(3, '0')}`, 'validator.log');
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogRecord);
}
