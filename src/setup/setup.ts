/** Sets a framework up, once for all runs. */
import { mkdir, realpath, rm } from 'node:fs/promises';
import { killTagged } from '../exec/index.ts';
import { repositoryAt, type Repository } from '../secrets/index.ts';
import type { SetupSettings } from './settings.ts';
import { stepwellVersion, withFileLock, writeFileAtomic } from '../store/index.ts';
import { placeAgent, unknownAgent } from './agent.ts';
import { commitOf, recipeDigest, placeOf, type SetupPlace, type SetupRecord } from './place.ts';
import { findPython, makeEnvironment, placeEncodings } from './python.ts';
import { missingFile, readinessOf } from './readiness.ts';
import type { Recipe } from './recipe.ts';
import { fetchSource } from './source.ts';
import { processTagPrefixOf, setupTools, type Tools } from './tool.ts';
import { setupError } from './errors.ts';

export interface SetupOptions {
  readonly settings: SetupSettings;
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
 * @throws AGENT_UNKNOWN, SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_PYTHON_MISSING, SETUP_STEP_FAILED, SETUP_COMMIT_SHORT,
 *   SETUP_FILE_MISSING
 */
export async function setUp(recipe: Recipe, options: SetupOptions): Promise<SetupResult> {
  const { settings, signal, say = () => {} } = options;
  const unknown = unknownAgent(recipe, settings);
  if (unknown !== null) throw unknown;
  const commit = commitOf(recipe, settings);
  if (recipe.repository !== null && !/^[0-9a-f]{40}$/.test(commit))
    throw setupError('SETUP_COMMIT_SHORT', { framework: recipe.name, commit });
  const place = placeOf(recipe, settings);
  return await withFileLock(
    place.lock,
    async () => {
      const ready = await readinessOf(recipe, settings);
      if (ready.status !== 'ready') await clear(place);
      const repository = recipe.repository === null ? null : repositoryAt(settings.repo_url ?? recipe.repository);
      const tools = toolsOf(recipe, place, { ...options, repository });
      const record = ready.status === 'ready' ? ready.record : await make(recipe, place, tools, { ...options, repository });
      await placeAgent(recipe, settings, place, { path: pathOf(options), tools, say });
      if (ready.status === 'ready') return { action: 'kept', directory: place.directory, record };
      await writeFileAtomic(place.record, `${JSON.stringify(record, null, 2)}\n`);
      return { action: 'made', directory: place.directory, record };
    },
    {
      waitMs: WAIT_MS,
      ...(signal === undefined ? {} : { signal }),
      onWait: (holder) => say(`${holder} is setting it up; waiting for that`),
    },
  );
}

/** What a killed set-up left running is ended first: it would go on writing here. */
async function clear({ directory }: SetupPlace): Promise<void> {
  await killTagged(processTagPrefixOf(directory), { graceMs: 1000 });
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
}

type Making = SetupOptions & { readonly repository: Repository | null };

function toolsOf(recipe: Recipe, place: SetupPlace, { env = process.env, signal, repository }: Making): Tools {
  return setupTools({
    framework: recipe.name,
    log: place.log,
    env,
    signal: signal ?? new AbortController().signal,
    processTag: processTagPrefixOf(place.directory),
    hide: (text) => repository?.hide(text) ?? text,
  });
}

function pathOf({ env = process.env }: SetupOptions): string {
  return env['PATH'] ?? '';
}

async function make(recipe: Recipe, place: SetupPlace, tools: Tools, options: Making): Promise<SetupRecord> {
  const { settings, repository, env = process.env, say = () => {}, now = () => new Date() } = options;
  // The cheapest first: without a Python nothing need be fetched.
  const python = await findPython(recipe, settings, { cwd: place.directory, path: pathOf(options), home: env['HOME'], tools });
  const commit = commitOf(recipe, settings);
  if (repository !== null) {
    say(`fetching ${commit} from ${repository.shown}`);
    await fetchSource(recipe.name, { repository, commit, leaveOut: recipe.leaveOut }, place, tools);
    await demandFiles(recipe, commit, place);
  }
  const packaged = recipe.packages.length === 1 ? recipe.packages[0] : `${recipe.packages.length} packages`;
  say(`making an environment of Python ${python.version} (${python.program}) with ${packaged}`);
  const packages = await makeEnvironment(recipe, python, place, tools);
  if (repository === null) await demandFiles(recipe, commit, place);
  await placeEncodings(recipe, place);
  return {
    framework: recipe.name,
    directory: await realpath(place.directory),
    recipe: recipeDigest(recipe),
    commit,
    repository: repository?.shown ?? null,
    python: python.version,
    packages,
    stepwell_version: stepwellVersion(),
    completed_at: now().toISOString(),
  };
}

async function demandFiles(recipe: Recipe, commit: string, place: SetupPlace): Promise<void> {
  const file = await missingFile(recipe, place);
  if (file !== null) throw setupError('SETUP_FILE_MISSING', { framework: recipe.name, commit, file });
}
