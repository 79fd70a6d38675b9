/** All runs of a runs directory, live ones and ones whose process died among them. */
import { resolveSettings, SETTINGS } from '../config/settings.ts';
import { join } from 'node:path';
import type { ManifestEntry } from '../schema/index.ts';
import { leaseState, readLease } from '../store/index.ts';
import { describeRun } from './describe.ts';
import { byStart, readManifest, type ManifestState } from './manifest.ts';
import { scanRuns } from './scan.ts';

/**
 * `finished`: its record was closed, or it is of the original system. `live`: its process writes it now. `elsewhere`: a process
 * of another host holds it. `crashed`: its process is gone and the record is unfinished; `recover` finishes it.
 * `missing`: the index names it, but its directory is gone.
 */
export type RunState = 'finished' | 'live' | 'elsewhere' | 'crashed' | 'missing';

/** A run of the runs directory. */
export interface CatalogRun {
  /** Its line of the index, or the same read from its directory. What is unknown is null. */
  readonly entry: ManifestEntry;
  /** Whether it is still being written; how it ended is `entry.status`. */
  readonly state: RunState;
  /** The run directory: below the runs directory, as that was given. */
  readonly dir: string;
}

/** All runs of a runs directory. */
export interface RunList {
  /** Oldest first. Empty when there is no such directory. */
  readonly runs: readonly CatalogRun[];
  /** Why the index was not used, or null when it was. */
  readonly unusedIndex: string | null;
}

/**
 * Lists all runs: from the index where it is valid, and from the directories for what it does not have. Nothing is written.
 *
 * @param directory of all runs; default: `STEPWELL_RUNS_DIR`, else `runs`
 * @throws StepwellError with CONFIG_INVALID where it is an empty text, RUNS_UNREADABLE where it is no directory or cannot be read
 * @example
 * const { runs } = await listRuns('runs');
 * for (const { entry, state } of runs) console.log(entry.run_id, entry.status ?? state, entry.total_tokens_in ?? 'unknown');
 */
export async function listRuns(directory?: string): Promise<RunList> {
  const runsDir = runsDirOf(directory);
  const found = await readManifest(runsDir);
  const indexed = new Map(found.state === 'ok' ? found.manifest.runs.map((entry) => [entry.path, entry]) : []);
  const runs: CatalogRun[] = [];
  const paths = new Set(await scanRuns(runsDir));
  for (const [path, entry] of indexed) {
    if (!paths.has(path)) runs.push({ entry, state: 'missing', dir: join(runsDir, path) });
  }
  for (const path of paths) {
    const known = indexed.get(path);
    const dir = join(runsDir, path);
    // An entry of a closed record is final; anything else is looked at again.
    if (known !== undefined && known.status !== null && known.status !== 'running') {
      runs.push({ entry: known, state: 'finished', dir });
      continue;
    }
    const entry = await describeRun(runsDir, path);
    runs.push({ entry: { ...known, ...entry }, state: await stateOf(dir, entry), dir });
  }
  runs.sort((a, b) => byStart(a.entry, b.entry));
  return { runs, unusedIndex: unusedReason(found) };
}

/** As it is given, not made absolute. @throws CONFIG_INVALID */
export function runsDirOf(directory: string | undefined): string {
  return resolveSettings(['runsDir'], { options: { runsDir: directory } }).runsDir ?? SETTINGS.runsDir.preset;
}

function unusedReason(found: ManifestState): string | null {
  if (found.state === 'damaged') return `is damaged: ${found.reason}`;
  return found.state === 'too_new' ? `has version ${found.version}, which is newer than this stepwell reads` : null;
}

/** The state of a run according to its lease and metadata. */
export async function stateOf(dir: string, entry: Pick<ManifestEntry, 'status'>): Promise<RunState> {
  const lease = await readLease(dir);
  if (lease !== null) {
    const state = leaseState(lease);
    if (state === 'foreign_host') return 'elsewhere';
    return state === 'live' ? 'live' : 'crashed';
  }
  return entry.status === 'running' ? 'crashed' : 'finished';
}
