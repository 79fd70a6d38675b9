/** Finds the run that a user names. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ARCHIVE_FILE, storeError } from '../store/index.ts';
import { describeRun } from './describe.ts';
import { requireReadableDirectory } from './format.ts';
import { listRuns, runsDirOf, stateOf, type CatalogRun } from './list.ts';
import { isRunDirectory } from './scan.ts';
import { catalogError } from './errors.ts';

/** A run by its directory, or by its archive alone. */
export type FoundRun =
  | ({ readonly kind: 'directory' } & CatalogRun)
  | { readonly kind: 'archive'; /** Absolute. */ readonly archive: string };

export const LATEST = 'latest';
const SUFFIX_LENGTH = 4;
const MAX_CANDIDATES = 8;

/**
 * Finds one run: `latest`, a run id, its unique beginning, its last four characters, any of these behind `<framework>/`, or
 * the path of a run directory or of an archive.
 *
 * @param directory of all runs; where undefined: `STEPWELL_RUNS_DIR`, else `runs`
 * @param name what names the run; `latest` is the one that began last
 * @param cwd what a relative path is relative to
 * @throws StepwellError with NO_RUNS, RUN_NOT_FOUND, RUN_AMBIGUOUS, NOT_A_RUN (a path that is none), RUN_TOO_NEW, RUN_TOO_OLD,
 *   RUN_FORMAT_UNKNOWN, or a code of `listRuns`
 * @example const found = await findRun('runs', 'baseline/latest');
 */
export async function findRun(directory: string | undefined, name: string, cwd: string = process.cwd()): Promise<FoundRun> {
  const runsDir = runsDirOf(directory);
  const { runs: all } = await listRuns(runsDir);
  const runs = all.filter((run) => run.state !== 'missing');
  const slash = name.indexOf('/');
  const framework = slash > 0 ? name.slice(0, slash) : null;
  const ofFramework = framework === null ? runs : runs.filter((run) => run.dir.startsWith(join(runsDir, framework, '/')));
  const namePart = framework === null ? name : name.slice(slash + 1);

  const found = namePart === LATEST ? ofFramework.slice(-1) : matchRuns(ofFramework, namePart);
  const [only] = found;
  if (only !== undefined && found.length === 1) {
    await requireReadableDirectory(only.dir);
    return { kind: 'directory', ...only };
  }
  if (found.length > 1) throw catalogError('RUN_AMBIGUOUS', { name, candidates: candidateNames(found) });

  const byPath = await runAtPath(resolve(cwd, name));
  if (byPath !== null) return byPath;
  if (looksLikePath(name)) throw storeError('NOT_A_RUN', { path: name, reason: reasonAt(resolve(cwd, name)) });
  if (runs.length === 0) throw catalogError('NO_RUNS', { runsDir });
  throw catalogError('RUN_NOT_FOUND', {
    name,
    runsDir,
    candidates: candidateNames(runs.slice(-MAX_CANDIDATES).reverse()),
  });
}

function idsOf(run: CatalogRun): string[] {
  return [run.entry.run_id, basename(run.dir)];
}

function matchRuns(runs: readonly CatalogRun[], namePart: string): CatalogRun[] {
  if (namePart === '') return [];
  const exact = runs.filter((run) => idsOf(run).includes(namePart));
  if (exact.length > 0) return exact;
  return runs.filter((run) =>
    idsOf(run).some((id) => id.startsWith(namePart) || (namePart.length === SUFFIX_LENGTH && id.endsWith(namePart))),
  );
}

async function runAtPath(path: string): Promise<FoundRun | null> {
  if (!existsSync(path)) return null;
  if (statSync(path).isFile()) return /\.t(ar\.)?gz$/.test(path) ? { kind: 'archive', archive: path } : null;
  if (isRunDirectory(path)) {
    const runsDir = dirname(dirname(path));
    await requireReadableDirectory(path);
    const entry = await describeRun(runsDir, `${basename(dirname(path))}/${basename(path)}`);
    return { kind: 'directory', entry, state: await stateOf(path, entry), dir: path };
  }
  const archive = join(path, ARCHIVE_FILE);
  return existsSync(archive) ? { kind: 'archive', archive } : null;
}

function looksLikePath(name: string): boolean {
  return /^[./~]|\.t(ar\.)?gz$|\/.*\//.test(name);
}

function reasonAt(path: string): string {
  if (!existsSync(path)) return 'it does not exist';
  return statSync(path).isDirectory() ? 'the directory has no logs and no metadata.json' : 'the file is not a run.tar.gz';
}

function candidateNames(runs: readonly CatalogRun[]): string[] {
  const shown = runs.slice(0, MAX_CANDIDATES).map(({ entry }) => `${entry.framework}/${entry.run_id}`);
  return runs.length > MAX_CANDIDATES ? [...shown, `… and ${runs.length - MAX_CANDIDATES} more`] : shown;
}
