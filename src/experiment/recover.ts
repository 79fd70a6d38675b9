/** Completes the record of a run whose process is gone: killed, out of memory, or after a power loss. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StepwellError } from '../errors/index.ts';
import { killTagged } from '../exec/index.ts';
import { getLogger, withRun } from '../log/index.ts';
import { processTagPrefix, recoverEvents, removeRecursively } from '../run/index.ts';
import type { EventMetadata, Phase, RunMetadata, RunStatus, RunSummary } from '../schema/index.ts';
import {
  acquireLease,
  CONFIG_FILE,
  leaseState,
  LOGS_DIR,
  openRunDirectory,
  readLease,
  SCRATCH_DIR,
  SNAPSHOT_DIR,
  type HeldLease,
  type Lease,
} from '../store/index.ts';
import { foldRun } from '../summary/index.ts';
import { recoverClarifications } from './clarifications.ts';
import { readMetadata } from './metadata.ts';
import { sealRun } from './seal.ts';
import { secretsOfRun } from './secrets.ts';

const log = getLogger('experiment/recover', { component: 'orchestrator' });

/** Time between SIGTERM and SIGKILL for processes of a dead run. */
const GRACE_MS = 2_000;

/** Options of `recoverRun` and `recoverAll`. */
export interface RecoverOptions {
  /** Also recovers a run of another host, whose process cannot be checked from here. */
  readonly force?: boolean;
  /** Where the values of secrets are taken from. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What became of one run: `outcome` tells which case it is. */
export type Recovery = {
  /** The name of the run directory. */
  readonly runId: string;
  /** Absolute or as given. */
  readonly runDir: string;
} & (
  | {
      readonly outcome: 'recovered';
      /** `crashed`, or the status that the run had reached before its process ended. */
      readonly status: RunStatus;
      /** `incomplete`: something could not be recorded; `problems` says what. */
      readonly record: 'complete' | 'incomplete';
      /** One sentence each; empty for a complete record. */
      readonly problems: readonly string[];
      /** Pids of processes of the run that were still running. */
      readonly killed: readonly number[];
    }
  /** The record is already complete, or the directory is not a stepwell run; nothing was changed. */
  | { readonly outcome: 'nothing_to_do' }
  /** `live`: its process, or another recovery, is at work. `foreign_host`: needs `force`. Nothing was changed. */
  | { readonly outcome: 'live' | 'foreign_host'; readonly pid: number; readonly host: string }
);

/**
 * Recovers one run: ends processes that are left of it, records how it ended, and seals it. Doing it again, or twice at once, is
 * harmless; a live run is never touched. What cannot be completed is in `problems`.
 *
 * @throws StepwellError with METADATA_MISSING when metadata.json was lost, RUN_UNREADABLE when its logs cannot be read, LOCK_HELD
 *   when another process holds the lock of its lease
 * @example
 * const recovery = await recoverRun('runs/baseline/20261122-141503-k3f9');
 * if (recovery.outcome === 'recovered') console.log(recovery.status, recovery.problems);
 */
export async function recoverRun(runDir: string, options: RecoverOptions = {}): Promise<Recovery> {
  const runId = basename(runDir);
  const about = { runId, runDir };
  const found = await readLease(runDir);
  if (found === null && !(await isUnfinished(runDir))) return { ...about, outcome: 'nothing_to_do' };
  let lease: HeldLease;
  try {
    lease = await acquireLease(runDir, { runId, force: options.force ?? false });
  } catch (error) {
    const state = stateOf(error);
    if (state === null) throw error;
    const holder = await readLease(runDir);
    if (holder === null || holder === 'damaged') return { ...about, outcome: 'nothing_to_do' };
    return { ...about, outcome: state, pid: holder.pid, host: holder.host };
  }
  try {
    // Another recovery may have finished between the first look and the lease.
    if (lease.previous === null && !(await isUnfinished(runDir))) return { ...about, outcome: 'nothing_to_do' };
    return {
      ...about,
      outcome: 'recovered',
      ...(await completeRecord(runDir, runId, lease.previous, options.env ?? process.env)),
    };
  } finally {
    await lease.release();
  }
}

/** Whether the directory is a run of stepwell that was never sealed. */
async function isUnfinished(runDir: string): Promise<boolean> {
  const metadata = await readMetadata(runDir);
  return metadata !== null && metadata.archive === null;
}

function stateOf(error: unknown): 'live' | 'foreign_host' | null {
  if (!(error instanceof StepwellError)) return null;
  if (error.code === 'RUN_LIVE') return 'live';
  return error.code === 'RUN_OWNED_BY_OTHER_HOST' ? 'foreign_host' : null;
}

type Completed = Pick<Extract<Recovery, { outcome: 'recovered' }>, 'status' | 'record' | 'problems' | 'killed'>;

async function completeRecord(
  runDir: string,
  runId: string,
  previous: Lease | 'damaged' | null,
  env: NodeJS.ProcessEnv,
): Promise<Completed> {
  const { killed } = await killTagged(processTagPrefix(runId), { graceMs: GRACE_MS });
  const before = await readMetadata(runDir);
  const framework = before?.framework ?? basename(join(runDir, '..'));
  const scope = { runId, framework, logsDir: join(runDir, LOGS_DIR), secrets: await secretsOf(runDir, before, env) };
  return await withRun(scope, async () => {
    // A sealed run has its end; only what follows the archive is missing.
    if (before === null || before.archive === null) {
      // Before recording anything: records of the recovery are not activity of the run.
      const summary = await foldSoFar(runDir);
      await recoverClarifications(runDir);
      await recoverEvents(runDir);
      recordRecovery(summary, reasonOf(previous), killed);
    }
    await Promise.all([removeRecursively(join(runDir, SCRATCH_DIR)), removeRecursively(join(runDir, SNAPSHOT_DIR))]);
    const { metadata, problems } = await sealRun(runDir);
    return { status: metadata.status, record: problems.length === 0 ? 'complete' : 'incomplete', problems, killed };
  });
}

/** The secrets of the environment and of what the run's configuration refers to. */
async function secretsOf(runDir: string, metadata: RunMetadata | null, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const config = await readFile(join(runDir, CONFIG_FILE), 'utf8').catch(() => '');
  const names = Array.from(config.matchAll(/\$\{(\w+)\}/g), ([, name]) => name ?? '');
  const own =
    metadata === null ? [] : [metadata.model, metadata.framework, metadata.adapter, ...metadata.steps.map(({ name }) => name)];
  return secretsOfRun(env, { names }, own).values;
}

function reasonOf(previous: Lease | 'damaged' | null): string {
  if (previous === null) return 'its sealing was not finished';
  if (previous === 'damaged') return 'its lease is damaged';
  const state = leaseState(previous);
  return `process ${previous.pid} on ${previous.host} ${state === 'foreign_host' ? 'was given up (--force)' : 'is gone'}`;
}

async function foldSoFar(runDir: string): Promise<RunSummary> {
  await using source = await openRunDirectory(runDir, { sealed: null });
  return await foldRun(source);
}

function recordRecovery(summary: RunSummary, reason: string, killed: readonly number[]): void {
  log.warn(`Run recovered: ${reason}`, {
    event: 'run_recovered',
    metadata: { reason, killed: [...killed], last_record_at: summary.last_record_at } satisfies EventMetadata<'run_recovered'>,
  });
  // The fold reports a run with a recovery but no end as crashed; only a recorded end sets `ended_at`.
  if (summary.ended_at !== null) return;
  const step = summary.steps.findLast(({ status }) => status === 'running' || status === 'crashed')?.step ?? null;
  const message = `the run's process ended without finishing it: ${reason}`;
  log.error(`Run ended: crashed: ${message}`, {
    event: 'run_end',
    metadata: {
      status: 'crashed',
      failing_phase: failingPhase(summary),
      failing_step: step,
      duration_seconds: secondsBetween(summary.started_at, summary.last_record_at),
      redactions: null,
    } satisfies EventMetadata<'run_end'>,
    error: { type: 'RunCrashed', message },
  });
}

/** The phase that began but did not end; between two phases, the last one. */
function failingPhase(summary: RunSummary): Phase {
  const { phases } = summary.time;
  return phases.findLast(({ ok }) => ok === null)?.phase ?? phases.at(-1)?.phase ?? 'prepare';
}

function secondsBetween(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
