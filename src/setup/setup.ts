/** Installs a framework, once for all runs. */
import { mkdir, realpath, rm } from 'node:fs/promises';
import { killTagged } from '../exec/index.ts';
import { parseRepository, type Repository } from '../secrets/index.ts';
import type { SetupSettings } from './settings.ts';
import { stepwellVersion, withFileLock, writeFileAtomic } from '../store/index.ts';
import { installAgent, unknownAgentError } from './agent.ts';
import { commitOf, recipeDigest, setupPaths, type SetupPaths, type SetupRecord } from './paths.ts';
import { findPython, makeEnvironment, copyEncodings } from './python.ts';
import { missingFile, checkReadiness } from './readiness.ts';
import type { Recipe } from './recipe.ts';
import { fetchSource } from './source.ts';
import { processTagPrefixOf, createSetupTools, type SetupTools } from './tool.ts';
import { setupError } from './errors.ts';

export interface SetupOptions {
  readonly settings: SetupSettings;
  /** Default: `process.env`. Git, pip and npm see only the variables that concern them. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Gets progress messages, one line each. */
  readonly onMessage?: (line: string) => void;
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
 * Fetches the commit (unless the framework is a package), creates its Python environment, checks both, and writes the record last: a
 * set-up that was killed has no record and is started over. Concurrent calls wait for each other.
 *
 * @throws AGENT_UNKNOWN, SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_PYTHON_MISSING, SETUP_STEP_FAILED, SETUP_COMMIT_SHORT,
 *   SETUP_FILE_MISSING
 */
export async function setUp(recipe: Recipe, options: SetupOptions): Promise<SetupResult> {
  const { settings, signal, onMessage = () => {} } = options;
  const unknown = unknownAgentError(recipe, settings);
  if (unknown !== null) throw unknown;
  const commit = commitOf(recipe, settings);
  if (recipe.repository !== null && !/^[0-9a-f]{40}$/.test(commit))
    throw setupError('SETUP_COMMIT_SHORT', { framework: recipe.name, commit });
  const paths = setupPaths(recipe, settings);
  return await withFileLock(
    paths.lock,
    async () => {
      const ready = await checkReadiness(recipe, settings);
      if (ready.status !== 'ready') await removeLeftovers(paths);
      const repository = recipe.repository === null ? null : parseRepository(settings.repo_url ?? recipe.repository);
      const tools = toolsOf(recipe, paths, { ...options, repository });
      const record = ready.status === 'ready' ? ready.record : await build(recipe, paths, tools, { ...options, repository });
      await installAgent(recipe, settings, paths, { path: pathOf(options), tools, onMessage });
      if (ready.status === 'ready') return { action: 'kept', directory: paths.directory, record };
      await writeFileAtomic(paths.record, `${JSON.stringify(record, null, 2)}\n`);
      return { action: 'made', directory: paths.directory, record };
    },
    {
      waitMs: WAIT_MS,
      ...(signal === undefined ? {} : { signal }),
      onWait: (holder) => onMessage(`${holder} is setting it up; waiting`),
    },
  );
}

/** First ends processes that a killed set-up left running, since they would keep writing here. */
async function removeLeftovers({ directory }: SetupPaths): Promise<void> {
  await killTagged(processTagPrefixOf(directory), { graceMs: 1000 });
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
}

type BuildOptions = SetupOptions & { readonly repository: Repository | null };

function toolsOf(recipe: Recipe, paths: SetupPaths, { env = process.env, signal, repository }: BuildOptions): SetupTools {
  return createSetupTools({
    framework: recipe.name,
    log: paths.log,
    env,
    signal: signal ?? new AbortController().signal,
    processTag: processTagPrefixOf(paths.directory),
    hide: (text) => repository?.hide(text) ?? text,
  });
}

function pathOf({ env = process.env }: SetupOptions): string {
  return env['PATH'] ?? '';
}

async function build(recipe: Recipe, paths: SetupPaths, tools: SetupTools, options: BuildOptions): Promise<SetupRecord> {
  const { settings, repository, env = process.env, onMessage = () => {}, now = () => new Date() } = options;
  // Cheapest check first: without a Python there is no point in fetching.
  const python = await findPython(recipe, settings, { cwd: paths.directory, path: pathOf(options), home: env['HOME'], tools });
  const commit = commitOf(recipe, settings);
  if (repository !== null) {
    onMessage(`fetching ${commit} from ${repository.shown}`);
    await fetchSource(recipe.name, { repository, commit, leaveOut: recipe.leaveOut }, paths, tools);
    await requireFiles(recipe, commit, paths);
  }
  const packaged = recipe.packages.length === 1 ? recipe.packages[0] : `${recipe.packages.length} packages`;
  onMessage(`creating an environment with Python ${python.version} (${python.program}) with ${packaged}`);
  const packages = await makeEnvironment(recipe, python, paths, tools);
  if (repository === null) await requireFiles(recipe, commit, paths);
  await copyEncodings(recipe, paths);
  return {
    framework: recipe.name,
    directory: await realpath(paths.directory),
    recipe: recipeDigest(recipe),
    commit,
    repository: repository?.shown ?? null,
    python: python.version,
    packages,
    stepwell_version: stepwellVersion(),
    completed_at: now().toISOString(),
  };
}

async function requireFiles(recipe: Recipe, commit: string, paths: SetupPaths): Promise<void> {
  const file = await missingFile(recipe, paths);
  if (file !== null) throw setupError('SETUP_FILE_MISSING', { framework: recipe.name, commit, file });
}
