/** An experiment of shell scripts in a directory of its own, for tests that run real processes. */
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { verifyRun } from '../../src/archive/index.ts';
import { runExperiment, type ExperimentOptions, type RunResult } from '../../src/experiment/index.ts';
import type { LogRecord, RunMetadata } from '../../src/schema/index.ts';
import { openRunDirectory, readRecords } from '../../src/store/index.ts';

export const STEPWELL_PROCESS = fileURLToPath(new URL('stepwell-process.ts', import.meta.url));

export interface ShellExperiment extends AsyncDisposable {
  readonly dir: string;
  readonly config: string;
  readonly runsDir: string;
  run(options?: Partial<ExperimentOptions>): Promise<RunResult[]>;
}

/** Frameworks by name, each a shell script that finds STEPWELL_STEP and STEPWELL_ATTEMPT in its environment. */
export async function createShellExperiment(
  scripts: Record<string, string>,
  { steps = 1, base = tmpdir(), ...settings }: { steps?: number; base?: string } & Record<string, unknown> = {},
): Promise<ShellExperiment> {
  const dir = await mkdtemp(join(base, 'stepwell-run-'));
  const config = join(dir, 'experiment.yaml');
  await mkdir(join(dir, 'prompts'));
  const ids = Array.from({ length: steps }, (_, index) => index + 1);
  for (const id of ids) await writeFile(join(dir, 'prompts', `${id}.txt`), `Prompt of step ${id}.\n`);
  const frameworks = Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => [name, { adapter: 'command', command: ['sh', '-c', script] }]),
  );
  const text = stringify({
    model: 'rehearsal',
    frameworks,
    steps: ids.map((id) => ({ id, name: `step-${id}`, prompt_file: `prompts/${id}.txt` })),
    timeouts: { step_timeout_seconds: 60, shutdown_grace_seconds: 0.3 },
    retries: { max_retries: 0, initial_backoff_seconds: 0 },
    ...settings,
  });
  await writeFile(config, text);
  const runsDir = join(dir, 'runs');
  return {
    dir,
    config,
    runsDir,
    run: async (options = {}) => (await runExperiment({ config, runsDir, frameworks: ['all'], ...options })).runs as RunResult[],
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true, force: true }),
  };
}

export async function metadataOf(runDir: string): Promise<RunMetadata> {
  return JSON.parse(await readFile(join(runDir, 'metadata.json'), 'utf8')) as RunMetadata;
}

/** Every record of a run in order, also those logged after sealing. */
export async function recordsOf(runDir: string): Promise<LogRecord[]> {
  await using source = await openRunDirectory(runDir, { sealed: null });
  const records: LogRecord[] = [];
  for await (const item of readRecords(source)) if ('record' in item) records.push(item.record);
  return records;
}

/** What `verify` finds wrong, in words; empty when all is right. */
export async function differences(runDir: string): Promise<readonly unknown[]> {
  return (await verifyRun(runDir)).items;
}

/** Pids of processes whose environment carries a process tag of the run. Linux only. */
export async function survivorsOf(runId: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (environment.includes(`STEPWELL_MARK=${runId}:`)) found.push(pid);
  }
  return found;
}
