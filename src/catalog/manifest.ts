/** The index of all runs: read, updated by concurrent processes, and rebuilt from the run directories. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestEntry, RunsManifest } from '../schema/index.ts';
import { parseJson } from '../schema/json.ts';
import { FORMAT_VERSION } from '../schema/vocabulary.ts';
import {
  errnoOf,
  MANIFEST_FILE,
  runsUnreadableError,
  listSubdirectories,
  withFileLock,
  writeFileAtomic,
} from '../store/index.ts';
import { describeRun } from './describe.ts';
import { formatState } from './format.ts';
import { scanRuns } from './scan.ts';
import { totalsByFramework } from './totals.ts';
import { catalogError } from './errors.ts';
import { isWrittenManifest } from './written-manifest.ts';

export type ManifestState =
  | { readonly state: 'ok'; readonly manifest: RunsManifest }
  | { readonly state: 'absent' }
  | { readonly state: 'too_new'; readonly version: string }
  | { readonly state: 'damaged'; readonly reason: string };

/** The index as it is now. A damaged index is never treated as an empty one. @throws RUNS_UNREADABLE */
export async function readManifest(runsDir: string): Promise<ManifestState> {
  let text: string;
  try {
    text = await readFile(join(runsDir, MANIFEST_FILE), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { state: 'absent' };
    throw runsUnreadableError(errnoOf(error) === 'ENOTDIR' ? runsDir : join(runsDir, MANIFEST_FILE), error);
  }
  const value = parseJson(text);
  if (value === undefined) return { state: 'damaged', reason: text === '' ? 'it is empty' : 'it is not JSON' };
  const { version } = (value ?? {}) as { version?: unknown };
  if (formatState(version) === 'too_new') return { state: 'too_new', version: String(version) };
  if (isWrittenManifest(value)) return { state: 'ok', manifest: value };
  const schema = await import('../schema/index.ts');
  const parsed = schema.RunsManifest.safeParse(value);
  if (parsed.success) return { state: 'ok', manifest: parsed.data };
  const [issue] = parsed.error.issues;
  return {
    state: 'damaged',
    reason: issue === undefined ? 'its fields are not those of an index' : `${issue.path.join('.')}: ${issue.message}`,
  };
}

/** What became of the index: `asideAs` names the damaged file that was put aside, relative to the runs directory. */
export interface ManifestChange {
  readonly runs: number;
  readonly asideAs: string | null;
}

/**
 * Adds or replaces the entry of one run (by its path). Concurrent writers wait for each other; where the index is absent or
 * damaged, it is first rebuilt from the run directories, and a damaged file is kept under another name.
 *
 * @throws LOCK_HELD, INDEX_TOO_NEW
 */
export async function updateManifest(runsDir: string, entry: ManifestEntry): Promise<ManifestChange> {
  return changeManifest(runsDir, (runs) => [...runs.filter((other) => other.path !== entry.path), entry]);
}

/** Rebuilds the index from the run directories; entries without a directory are removed. @throws LOCK_HELD, INDEX_TOO_NEW, RUNS_UNREADABLE */
export async function rebuildManifest(runsDir: string): Promise<ManifestChange> {
  // Check this before taking the lock, which is created inside the directory.
  await listSubdirectories(runsDir);
  return changeManifest(runsDir, () => describeAllRuns(runsDir));
}

async function changeManifest(
  runsDir: string,
  change: (runs: readonly ManifestEntry[]) => readonly ManifestEntry[] | Promise<readonly ManifestEntry[]>,
): Promise<ManifestChange> {
  const file = join(runsDir, MANIFEST_FILE);
  return withFileLock(`${file}.lock`, async () => {
    const found = await readManifest(runsDir);
    if (found.state === 'too_new') throw catalogError('INDEX_TOO_NEW', { file, version: found.version, known: FORMAT_VERSION });
    let asideAs: string | null = null;
    if (found.state === 'damaged') {
      asideAs = `${MANIFEST_FILE}.damaged-${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
      await rename(file, join(runsDir, asideAs));
    }
    const known = found.state === 'ok' ? found.manifest.runs : await describeAllRuns(runsDir);
    const runs = [...(await change(known))].sort(byStart);
    const frameworks: Record<string, number> = {};
    for (const { framework } of runs) frameworks[framework] = (frameworks[framework] ?? 0) + 1;
    const manifest: RunsManifest = {
      // Fields of a newer version are kept.
      ...(found.state === 'ok' ? found.manifest : {}),
      version: found.state === 'ok' ? found.manifest.version : FORMAT_VERSION,
      last_updated: new Date().toISOString(),
      total_runs: runs.length,
      frameworks,
      totals: totalsByFramework(runs),
      runs,
    };
    await writeFileAtomic(file, `${JSON.stringify(manifest, null, 2)}\n`);
    return { runs: runs.length, asideAs };
  });
}

async function describeAllRuns(runsDir: string): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for (const path of await scanRuns(runsDir)) entries.push(await describeRun(runsDir, path));
  return entries;
}

/** Oldest first; runs without any time come before all others, by path. */
export function byStart(a: ManifestEntry, b: ManifestEntry): number {
  const [from, to] = [timeOf(a), timeOf(b)];
  if (from !== to) return from < to ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

function timeOf({ start_time, run_id }: ManifestEntry): number {
  const time = start_time === null ? timeOfId(run_id) : Date.parse(start_time);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

/** A run that has just started, or crashed at once, has no recorded time except in its name. */
function timeOfId(runId: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(runId);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
