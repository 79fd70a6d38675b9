/** Sets a framework up, once for all runs. */
import { mkdir, rm } from 'node:fs/promises';
import { stepwellError } from '../../errors.ts';
import type { FrameworkSettings } from '../../schema.ts';
import { stepwellVersion, withFileLock, writeFileAtomic } from '../../store.ts';
import { placeAgent } from './agent.ts';
import { misplacedKeys } from './package.ts';
import { commitOf, placeOf, type SetupPlace, type SetupRecord } from './place.ts';
import { findPython, makeEnvironment, placeEncodings } from './python.ts';
import { readinessOf } from './readiness.ts';
import type { Recipe } from './recipe.ts';
import { fetchSource } from './source.ts';
import { setupTools, type Tools } from './tool.ts';

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
 * Fetches the commit, where it is no package, makes its Python environment, checks both, and writes the record last: a set-up
 * that was killed has no record, counts for nothing and is begun anew. Two at once wait for each other.
 *
 * @throws SETUP_WITHOUT_SOURCE, SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_PYTHON_MISSING, SETUP_STEP_FAILED, SETUP_COMMIT_SHORT
 */
export async function setUp(recipe: Recipe, options: SetupOptions): Promise<SetupResult> {
  const { settings } = options;
  for (const misplaced of misplacedKeys(recipe, settings)) throw misplaced;
  const commit = commitOf(recipe, settings);
  if (recipe.repository !== null && !/^[0-9a-f]{40}$/.test(commit))
    throw stepwellError('SETUP_COMMIT_SHORT', { framework: recipe.name, commit });
  const place = placeOf(recipe, settings);
  return await withFileLock(
    place.lock,
    async () => {
      const ready = await readinessOf(recipe, settings);
      if (ready.status !== 'ready') await clear(place);
      const tools = toolsOf(recipe, place, options);
      const record = ready.status === 'ready' ? ready.record : await make(recipe, place, tools, options);
      await placeAgent(recipe, settings, place, { path: pathOf(options), tools, say: options.say ?? (() => {}) });
      if (ready.status === 'ready') return { action: 'kept', directory: place.directory, record };
      await writeFileAtomic(place.record, `${JSON.stringify(record, null, 2)}\n`);
      return { action: 'made', directory: place.directory, record };
    },
    { waitMs: WAIT_MS },
  );
}

async function clear({ directory }: SetupPlace): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
}

function toolsOf(recipe: Recipe, place: SetupPlace, { env = process.env, signal }: SetupOptions): Tools {
  return setupTools({ framework: recipe.name, log: place.log, env, signal: signal ?? new AbortController().signal });
}

function pathOf({ env = process.env }: SetupOptions): string {
  return env['PATH'] ?? '';
}

async function make(recipe: Recipe, place: SetupPlace, tools: Tools, options: SetupOptions): Promise<SetupRecord> {
  const { settings, env = process.env, say = () => {}, now = () => new Date() } = options;
  // The cheapest first: without a Python nothing need be fetched.
  const python = await findPython(recipe, settings, { cwd: place.directory, path: pathOf(options), home: env['HOME'], tools });
  const commit = commitOf(recipe, settings);
  const repository = recipe.repository === null ? null : (settings.repo_url ?? recipe.repository);
  if (repository !== null) {
    say(`fetching ${commit} from ${repository}`);
    await fetchSource(recipe.name, { repository, commit, leaveOut: recipe.leaveOut }, place, tools);
  }
  say(`making an environment of Python ${python.version} (${python.program}) with ${recipe.packages.length} packages`);
  const packages = await makeEnvironment(recipe, python, place, tools);
  await placeEncodings(recipe, place);
  return {
    framework: recipe.name,
    commit,
    repository,
    python: python.version,
    packages,
    stepwell_version: stepwellVersion(),
    completed_at: now().toISOString(),
  };
}
