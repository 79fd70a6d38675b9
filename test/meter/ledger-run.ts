/** A run with its own log scope, for tests that read the ledger back from disk. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withRun } from '../../src/log/index.ts';
import { EVENT_METADATA, type EventMetadata } from '../../src/schema/index.ts';

export type LedgerEvent =
  | 'llm_call'
  | 'llm_call_start'
  | 'llm_lookup'
  | 'unmetered_request'
  | 'budget_refused'
  | 'upgrade_refused'
  | 'answers_changed'
  | 'cassette_incomplete';

interface LedgerLine<E extends LedgerEvent> {
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly step: number | null;
  readonly attempt?: number;
  readonly late?: boolean;
  readonly error?: { message: string };
  readonly metadata: EventMetadata<E>;
}

export interface LedgerRun {
  readonly dir: string;
  /** Records of one event in a step's ledger, validated against the schema. Step 0: outside steps. */
  lines<E extends LedgerEvent>(event: E, step?: number): LedgerLine<E>[];
  /** Waits until the ledger has that many: a record is written after its response. */
  wait<E extends LedgerEvent>(event: E, count: number, step?: number): Promise<LedgerLine<E>[]>;
}

/** Runs `fn` inside a run and `after` when the run has ended; then the directory is removed. */
export async function withLedgerRun<T>(
  fn: (run: LedgerRun) => Promise<T>,
  after?: (run: LedgerRun, result: T) => Promise<void>,
  runId = 'run-1',
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-meter-'));
  const lines: LedgerRun['lines'] = (event, step = 1) => {
    const file = join(dir, 'logs', ...(step === 0 ? ['run.log'] : [`step_${String(step).padStart(3, '0')}`, 'metrics.log']));
    if (!existsSync(file)) return [];
    const records = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const found = records.filter((record) => record.event === event);
    for (const record of found) EVENT_METADATA[event].parse(record.metadata);
    return found;
  };
  const wait: LedgerRun['wait'] = async (event, count, step = 1) => {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const found = lines(event, step);
      if (found.length >= count) return found;
      if (Date.now() > deadline) throw new Error(`${found.length} of ${count} records of ${event}`);
      await delay(5);
    }
  };
  try {
    const run = { dir, lines, wait };
    const result = await withRun({ runId, framework: 'baseline', logsDir: join(dir, 'logs') }, () => fn(run));
    await after?.(run, result);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
