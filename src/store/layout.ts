/**
 * The layout on disk. This is the only file that knows a file name; every other place asks here.
 * The names are the user's own and fixed.
 */
import { join } from 'node:path';
import { storeError } from './errors.ts';

export const LOGS_DIR = 'logs';
export const RUN_LOG = 'logs/run.log';
export const RECONCILIATION_LOG = 'logs/reconciliation.log';
export const WORKSPACE_DIR = 'workspace';
export const CONFIG_FILE = 'config.yaml';
export const HITL_FILE = 'hitl_events.jsonl';
/** Exchanges with models; only of a run that was recorded with `--record`. Git-ignored, archived. */
export const CASSETTE_FILE = 'cassette.jsonl';
export const COMMIT_FILE = 'commit.txt';
export const METRICS_FILE = 'metrics.json';
export const METADATA_FILE = 'metadata.json';
export const SUMMARY_FILE = 'logs_summary.txt';
export const ARCHIVE_FILE = 'run.tar.gz';
/** Offsets of the archive's gzip members; derived from the archive, deletable. */
export const ARCHIVE_INDEX_FILE = '.stepwell/run.tar.gz.index.json';
/** The archive while it is written; what a killed sealing leaves is removed by the next. */
export const ARCHIVE_PARTIAL_FILE = '.stepwell/run.tar.gz.partial';
/** Inside the archive: BagIt/coreutils lines, accepted by `sha256sum -c`. */
export const CHECKSUMS_FILE = 'manifest-sha256.txt';
/** Inside the archive, when something had to be left out: which path, and why. */
export const EXCLUSIONS_FILE = 'left_out.jsonl';
export const MANIFEST_FILE = 'runs_manifest.json';
/** The run's private directory while it is live: lease, scratch homes, snapshots. Git-ignored, never archived. */
export const PRIVATE_DIR = '.stepwell';
export const LEASE_FILE = '.stepwell/lease.json';
/** Held while a run is reconciled. */
export const RECONCILE_LOCK_FILE = '.stepwell/reconcile.lock';
export const SCRATCH_DIR = '.stepwell/scratch';
/** Copies of the prompts, for the framework to read. */
export const PROMPTS_DIR = '.stepwell/scratch/prompts';
/** Files in which frameworks may tell of events, one an attempt. */
export const EVENTS_DIR = '.stepwell/scratch/events';
/** Copy of the workspace as it stood before the current step, for the next attempt. */
export const SNAPSHOT_DIR = '.stepwell/snapshot';

/** In the directory where a framework is set up: what its programs printed, and what came of it. */
export const SETUP_LOG = 'setup.log';
export const SETUP_FILE = 'setup.json';

/** Prefix of the directory's name while it is being created; readers ignore names that start with a dot. */
export const STAGING_PREFIX = '.new-';

/**
 * Held, beside the runs of a framework, from before a name is reserved until the lease of what is made for it is there. Who
 * holds it knows that what has no lease has no process either.
 */
export const CREATE_LOCK = '.new.lock';

/** `step_001`; more digits when the step id needs them. */
export function stepDirName(step: number): string {
  return `step_${String(step).padStart(3, '0')}`;
}

/** The step of a directory name, or null when it is not a step directory. */
export function stepOfDirName(name: string): number | null {
  const match = /^step_(\d{3,})$/.exec(name);
  return match ? Number(match[1]) : null;
}

/**
 * The file of a record, relative to the run's logs directory: `run.log`, `reconciliation.log` or
 * `step_003/adapter.log`. `component` must be a safe name already (see {@link safeName}).
 */
export function logFileOf(component: string, step: number | null): string {
  if (component === 'reconciliation') return 'reconciliation.log';
  if (step === null || component === 'run') return 'run.log';
  return `${stepDirName(step)}/${component}.log`;
}

/** What the place of a log file says of its records. `file` is relative to the run directory, with `/`. */
export function parseLogPath(file: string): { component: string; step: number | null } {
  const [name = '', dir = ''] = file.split('/').reverse();
  return { component: name.replace(/\.log$/, ''), step: stepOfDirName(dir) };
}

/** `<runsDir>/<framework>/<runId>`. */
export function runDirOf(runsDir: string, framework: string, runId: string): string {
  return join(runsDir, safeName('framework', framework), safeName('run id', runId));
}

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Names that mean a device on some system where a run directory may be unpacked. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Why a name cannot become a path segment, or null when it can. */
export function unsafeNameReason(value: string): string | null {
  if (value === '') return 'it is empty';
  if (value.length > 64) return `it has ${value.length} characters`;
  if (!SAFE_NAME.test(value)) return 'it has characters that could leave the directory or confuse a shell';
  if (RESERVED.test(value)) return 'it is a reserved device name';
  if (value.endsWith('.')) return 'it ends in a dot';
  return null;
}

/** Returns the name when it can safely be one path segment. @throws UNSAFE_NAME */
export function safeName(kind: string, value: string): string {
  const reason = unsafeNameReason(value);
  if (reason !== null) throw storeError('UNSAFE_NAME', { kind, value, reason });
  return value;
}
