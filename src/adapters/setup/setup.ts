/** Sets a framework up, once for all runs. */
import { mkdir, rm } from 'node:fs/promises';
import { stepwellError } from '../../errors.ts';
import type { FrameworkSettings } from '../../schema.ts';
import { stepwellVersion, withFileLock, writeFileAtomic } from '../../store.ts';
import { commitOf, placeOf, type SetupPlace, type SetupRecord } from './place.ts';
import { findPython, makeEnvironment, placeEncodings } from './python.ts';
import { readinessOf } from './readiness.ts';
import type { Recipe } from './recipe.ts';
import { fetchSource } from './source.ts';
import { setupTools } from './tool.ts';

export interface SetupOptions {
  readonly settings: FrameworkSettings;
  /** Default: `process.env`. Of it git and pip see what concerns them. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Told what is done, one line each. */
  readonly say?: (line: string) => void;
  readonly now?: () => Date;
}

export interface SetupResult {
  /** `kept`: it was ready before. */
  readonly action: 'made' | 'kept';
  readonly directory: string;
  readonly record: SetupRecord;
}

/** Another set-up of the same framework may take as long as pip does. */
const WAIT_MS = 30 * 60_000;

/**
 * Fetches the commit, makes its Python environment, checks both, and writes the record last: a set-up that was killed has no record,
 * counts for nothing and is begun anew. Two at once wait for each other.
 *
 * @throws SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_PYTHON_MISSING, SETUP_STEP_FAILED, SETUP_COMMIT_SHORT
 */
export async function setUp(recipe: Recipe, options: SetupOptions): Promise<SetupResult> {
  const { settings } = options;
  const commit = commitOf(recipe, settings);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw stepwellError('SETUP_COMMIT_SHORT', { framework: recipe.name, commit });
  const place = placeOf(recipe, settings);
  return await withFileLock(
    place.lock,
    async () => {
      const ready = await readinessOf(recipe, settings);
      if (ready.status === 'ready') return { action: 'kept', directory: place.directory, record: ready.record };
      return { action: 'made', directory: place.directory, record: await make(recipe, place, options) };
    },
    { waitMs: WAIT_MS },
  );
}

async function make(recipe: Recipe, place: SetupPlace, options: SetupOptions): Promise<SetupRecord> {
  const { settings, env = process.env, say = () => {}, now = () => new Date() } = options;
  await rm(place.directory, { recursive: true, force: true });
  await mkdir(place.directory, { recursive: true });
  const signal = options.signal ?? new AbortController().signal;
  const tools = setupTools({ framework: recipe.name, log: place.log, env, signal });
  // The cheapest first: without a Python nothing need be fetched.
  const python = await findPython(recipe, settings, { cwd: place.directory, path: env['PATH'] ?? '', home: env['HOME'], tools });
  const commit = commitOf(recipe, settings);
  say(`fetching ${commit} from ${settings.repo_url ?? recipe.repository}`);
  const { repository } = await fetchSource(recipe, settings, place, tools);
  say(`making an environment of Python ${python.version} (${python.program}) with ${recipe.packages.length} packages`);
  const packages = await makeEnvironment(recipe, python, place, tools);
  await placeEncodings(recipe, place);
  const record: SetupRecord = {
    framework: recipe.name,
    commit,
    repository,
    python: python.version,
    packages,
    stepwell_version: stepwellVersion(),
    completed_at: now().toISOString(),
  };
  await writeFileAtomic(place.record, `${JSON.stringify(record, null, 2)}\n`);
  return record;
}
