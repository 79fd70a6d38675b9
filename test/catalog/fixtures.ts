/** Runs directories for tests: runs of stepwell as its own writers leave them, and runs in the format of the original system. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function writeTree(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

const jsonLines = (records: readonly object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** A finished run of the original system: upper-case levels, microseconds, Unix seconds, no status anywhere. */
export function writeOriginalRun(
  runsDir: string,
  { framework = 'chatdev', runId = '7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa' } = {},
): string {
  const path = `${framework}/${runId}`;
  const logged = (time: string, level: string, module: string, message: string, more: object = {}): object => ({
    timestamp: `2025-10-20T${time}`,
    level,
    module,
    message,
    run_id: runId,
    framework,
    ...more,
  });
  writeTree(join(runsDir, path), {
    'logs/run.log': jsonLines([
      logged('14:23:45.000123Z', 'INFO', 'runner', 'Starting run', { event: 'run_start' }),
      logged('14:45:12.900000Z', 'INFO', 'runner', 'Run completed', {
        event: 'run_complete',
        metadata: { archive: 'run.tar.gz' },
      }),
    ]),
    'logs/step_001/orchestrator.log': jsonLines([
      logged('14:23:50.100000Z', 'WARNING', 'runner', 'Retrying step', { step: 1, metadata: { attempt: 2, backoff: 5 } }),
      logged('14:26:24.100000Z', 'INFO', 'runner', 'Step complete', { step: 1, event: 'step_complete' }),
    ]),
    'logs/step_001/adapter.log': jsonLines([logged('14:23:50.100001Z', 'DEBUG', 'chatdev_adapter', 'Invoking', { step: 1 })]),
    'metadata.json': JSON.stringify({
      run_id: runId,
      framework,
      framework_commit: '52edb89',
      archive_path: 'run.tar.gz',
      archive_hash: 'ab'.repeat(32),
      archive_size_bytes: 484_000_000,
    }),
    'metrics.json': JSON.stringify({
      run_id: runId,
      model: 'gpt-4o-mini',
      start_timestamp: '2025-10-20T14:23:45.000Z',
      end_timestamp: '2025-10-20T14:45:12.000Z',
      steps: [
        {
          step_number: 1,
          command: 'Create',
          duration_seconds: 154,
          success: true,
          retry_count: 0,
          tokens_in: 0,
          start_timestamp: 1760970230,
        },
        {
          step_number: 2,
          command: 'Extend',
          duration_seconds: 120,
          success: false,
          retry_count: 0,
          tokens_in: 0,
          start_timestamp: 1760970400,
        },
      ],
      aggregate_metrics: { TOK_IN: 221_700, TOK_OUT: 75_700, API_CALLS: 122, T_WALL_seconds: 1287.5, COST_USD: 0.42 },
      verification_status: 'pending',
    }),
    'commit.txt': '52edb89',
  });
  return join(runsDir, path);
}

export interface FakeRun {
  readonly runId: string;
  readonly framework?: string;
  readonly status?: string;
  readonly startedAt?: string;
}

/** A run of stepwell with two small logs, metadata and metrics; not sealed. */
export function writeRun(runsDir: string, { runId, framework = 'baseline', status = 'success', startedAt }: FakeRun): string {
  const time = startedAt ?? '2026-11-22T14:15:03.000Z';
  const running = status === 'running';
  let seq = 0;
  const logged = (component: string, step: number | null, event: string, message: string, metadata: object = {}): object => ({
    level: 'info',
    timestamp: new Date(Date.parse(time) + 100 * (seq += 1)).toISOString(),
    module: 'test',
    component,
    run_id: runId,
    framework,
    step,
    event,
    message,
    metadata,
    seq,
    writer: 'abc123',
  });
  const start = logged('orchestrator', null, 'run_start', 'run started');
  const output = logged('adapter', 1, 'process_output', 'hello from the framework', { stream: 'stdout' });
  const end = logged('orchestrator', null, 'run_end', 'run ended');
  writeTree(join(runsDir, framework, runId), {
    'logs/run.log': jsonLines(running ? [start] : [start, end]),
    'logs/step_001/adapter.log': jsonLines([output]),
    'metadata.json': JSON.stringify({
      format_version: '1.0',
      run_id: runId,
      framework,
      model: 'rehearsal',
      rehearsal: true,
      status,
      started_at: time,
      ended_at: running ? null : time,
      duration_seconds: running ? null : 12.5,
      steps: [{ step: 1, name: 'one', prompt_file: 'p', prompt_sha256: 'x' }],
      archive: null,
      sealed: null,
    }),
    ...(running
      ? {}
      : {
          'metrics.json': JSON.stringify({
            steps: [{ step_number: 1, success: status === 'success' }],
            steps_total: 1,
            aggregate_metrics: { TOK_IN: 10, TOK_OUT: 5, API_CALLS: 2, COST_USD: null },
            verification_status: 'not_applicable',
          }),
        }),
  });
  return join(runsDir, framework, runId);
}
