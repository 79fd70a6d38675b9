/** A run directory as the runner leaves it, sealed the way the runner seals it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packRun, type PackOptions } from '../../src/archive/index.ts';
import {
  FORMAT_VERSION,
  metadataText,
  metricsText,
  type ArchiveFacts,
  type RunMetadata,
  type RunMetrics,
} from '../../src/schema/index.ts';
import { openRunDirectory } from '../../src/store/index.ts';
import { computeMetrics, foldRun, renderText } from '../../src/summary/index.ts';

export const ENDED = new Date('2026-11-22T14:20:00.000Z');
const RUN_ID = '20261122-141503-k3f9';
const ANSWER = 'Use what is simplest.';

/** A fresh directory below the system's temporary one; removed when the test is over. */
export function scratchDir(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-archive-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function writeTree(dir: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), data);
  }
}

export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const sha1 = (data: string): string => createHash('sha1').update(data).digest('hex');

const CONFIG = 'model: rehearsal\n';
const STEPS = [{ step: 1, name: 'create-student', prompt_file: 'prompts/01.txt', prompt_sha256: sha256('prompt') }];

/** Writes an unsealed run of one step: logs with numbered records, workspace, configuration, commit, clarification. */
export async function writeRun(runDir: string, options: { skipSeq?: number; runId?: string } = {}): Promise<void> {
  const run_id = options.runId ?? RUN_ID;
  let seq = 0;
  const line = (event: string, metadata: object, rest: object = {}): string => {
    seq += 1;
    if (seq === options.skipSeq) seq += 1;
    const timestamp = new Date(ENDED.getTime() - 100_000 + seq * 1000).toISOString();
    const place = { run_id, framework: 'baseline', step: null };
    const head = { level: 'info', timestamp, module: 'test', component: 'orchestrator', ...place };
    return `${JSON.stringify({ ...head, event, message: '', metadata, seq, writer: 'abc123', ...rest })}\n`;
  };
  const inStep = { step: 1, attempt: 1 };
  const files: Record<string, string> = {};
  const add = (path: string, text: string): void => {
    files[path] = (files[path] ?? '') + text;
  };
  const start = { stepwell_version: '0.1.0', adapter: 'baseline', model: 'rehearsal', rehearsal: true, round: 1 };
  const limits = { step_timeout_seconds: 600, max_retries: 2, health_check_interval_seconds: 5, on_step_failure: 'stop' };
  add(
    'logs/run.log',
    line('run_start', {
      ...start,
      random_seed: 42,
      config_sha256: sha256(CONFIG),
      steps: STEPS,
      ...limits,
      validates_app: false,
    }),
  );
  add('logs/run.log', line('phase_start', { phase: 'prepare' }));
  add('logs/run.log', line('framework_ready', { commit: 'abc' }));
  add('logs/run.log', line('phase_end', { phase: 'prepare', duration_seconds: 0.5, ok: true }));
  add('logs/run.log', line('phase_start', { phase: 'steps' }));
  const step = 'logs/step_001';
  add(`${step}/orchestrator.log`, line('step_start', STEPS[0] ?? {}, { step: 1 }));
  add(`${step}/orchestrator.log`, line('attempt_start', { mark: 'm', metered: true }, inStep));
  add(`${step}/adapter.log`, line('log', {}, { ...inStep, component: 'adapter', message: 'hello' }));
  const lengths = { query_length: 6, response_length: ANSWER.length };
  add(
    `${step}/adapter.log`,
    line('hitl', { query: 'Which?', ...lengths, response_sha1: sha1(ANSWER) }, { ...inStep, component: 'adapter' }),
  );
  const counts = { files_added: 1, files_changed: 0, files_removed: 0, processes_killed: 0 };
  const claim = { claim: 'success', claimed_usage: null };
  add(
    `${step}/orchestrator.log`,
    line('attempt_end', { status: 'success', reason: null, ...claim, duration_seconds: 2, ...counts }, inStep),
  );
  add(
    `${step}/orchestrator.log`,
    line('step_end', { status: 'success', attempts: 1, retries: 0, duration_seconds: 2 }, { step: 1 }),
  );
  add('logs/run.log', line('phase_end', { phase: 'steps', duration_seconds: 2, ok: true }));
  add(
    'logs/run.log',
    line('run_end', { status: 'success', failing_phase: null, failing_step: null, duration_seconds: 3, redactions: 0 }),
  );
  const clarification = {
    timestamp: ENDED.toISOString(),
    run_id,
    step: 1,
    attempt: 1,
    query: 'Which?',
    response: ANSWER,
  };
  await writeTree(runDir, {
    ...files,
    'config.yaml': CONFIG,
    'commit.txt': 'abc\n',
    'hitl_events.jsonl': `${JSON.stringify({ ...clarification, response_sha1: sha1(ANSWER), ...lengths })}\n`,
    'workspace/start.sh': '#!/bin/sh\n',
    'workspace/src/app.js': 'console.log(1);\n'.repeat(50),
  });
}

function asOf(version: string, metrics: RunMetrics): RunMetrics {
  if (version === FORMAT_VERSION) return metrics;
  const without = <T extends { phases: unknown; usage_outside_phases: unknown }>(of: T): T => {
    const { phases: _, usage_outside_phases: __, ...rest } = of;
    return rest as T;
  };
  const steps = metrics.steps.map((step) => ({ ...without(step), attempts: step.attempts.map(without) }));
  return { ...metrics, steps };
}

/**
 * Seals the run: metrics, summary, archive, metadata, summary again; then two records that belong to no archive.
 *
 * @param version 1.0 had no reconciliation, and other words in its summary; until 1.2 there were no phases
 */
export async function sealRun(
  runDir: string,
  options: Partial<PackOptions> = {},
  version: '1.0' | '1.1' | typeof FORMAT_VERSION = FORMAT_VERSION,
): Promise<RunMetadata> {
  await using source = await openRunDirectory(runDir, { sealed: null });
  const summary = await foldRun(source);
  const files = Object.fromEntries((await source.files('logs')).map(({ path, bytes }) => [path, bytes]));
  const { usage_api_reconciliation, ...metrics } = { ...asOf(version, computeMetrics(summary)), format_version: version };
  await writeFile(
    join(runDir, 'metrics.json'),
    // A version's file is the text of what it had.
    metricsText((version === '1.0' ? metrics : { ...metrics, usage_api_reconciliation }) as RunMetrics),
  );
  const textOf = (archive: ArchiveFacts | null): string =>
    version === '1.0'
      ? renderText(summary, archive).replace(/^Total Cost: .*$/m, 'Total Cost: in other words')
      : renderText(summary, archive);
  await writeFile(join(runDir, 'logs_summary.txt'), textOf(null));
  const metadata: RunMetadata = {
    format_version: version,
    run_id: summary.run_id ?? RUN_ID,
    framework: 'baseline',
    reconciliation: null,
    adapter: 'baseline',
    framework_commit: 'abc',
    stepwell_version: '0.1.0',
    model: 'rehearsal',
    rehearsal: true,
    replay_of: null,
    round: 1,
    status: 'success',
    record: 'complete',
    record_problems: [],
    started_at: summary.started_at ?? '',
    ended_at: summary.ended_at,
    duration_seconds: summary.duration_seconds,
    failing_phase: null,
    failing_step: null,
    error: null,
    phases: [
      { phase: 'prepare', duration_seconds: 0.5, ok: true },
      { phase: 'steps', duration_seconds: 2, ok: true },
    ],
    random_seed: 42,
    config_sha256: sha256(CONFIG),
    checks_digest: null,
    steps: STEPS,
    host: {
      hostname: 'h',
      os: 'Linux 6',
      arch: 'x64',
      cpus: 2,
      memory_bytes: 1024,
      node: 'v24',
      tools: { git: '2.39', python3: null },
    },
    project: { git_commit: 'def', git_dirty: false },
    archive: null,
    sealed: { files, logged_after: ['archive_created'] },
  };
  const archive = await packRun({ runDir, exclude: [], modifiedAt: ENDED, sealed: { files }, metadata, ...options });
  const sealed = { ...metadata, archive };
  await writeFile(join(runDir, 'metadata.json'), metadataText(sealed));
  await writeFile(join(runDir, 'logs_summary.txt'), textOf(archive));
  await writeFile(
    join(runDir, 'logs/run.log'),
    `${await readFile(join(runDir, 'logs/run.log'), 'utf8')}${archiveCreated(archive)}`,
  );
  return sealed;
}

export async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** The line that sealing logs when the archive is there. */
export function archiveCreated({ name, bytes, sha256, members }: ArchiveFacts): string {
  const metadata = { archive: name, bytes, sha256, members, excluded_secrets: 0 };
  const place = { module: 'seal', component: 'orchestrator', run_id: null, framework: null, step: null };
  return `${JSON.stringify({ level: 'info', timestamp: ENDED, ...place, event: 'archive_created', message: '', metadata })}\n`;
}
