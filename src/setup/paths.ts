/** Paths of an installed framework. The only file that knows these names. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { SetupSettings } from './settings.ts';
import type { Recipe } from './recipe.ts';
import { parseJsonAs } from '../schema/index.ts';
import { SETUP_FILE, SETUP_LOG } from '../store/index.ts';

export interface SetupPaths {
  /** `<install_dir>/<name>@<commit>`; everything else is inside. */
  readonly directory: string;
  readonly source: string;
  readonly environment: string;
  readonly python: string;
  /** Programs of its Python packages. */
  readonly programs: string;
  /** For TIKTOKEN_CACHE_DIR. */
  readonly encodings: string;
  /** Where npm installed the agent, if it did. */
  readonly agent: string;
  /** Output of git, pip and npm. */
  readonly log: string;
  /** Written last: a set-up without it is incomplete. */
  readonly record: string;
  /** Beside the directory. */
  readonly lock: string;
}

const SetupRecord = z.object({
  framework: z.string(),
  /** Absolute, links resolved: programs inside contain this path, so a copy elsewhere does not work. */
  directory: z.string(),
  /** `recipeDigest` of its recipe. */
  recipe: z.string(),
  commit: z.string(),
  /** Null for a package: `commit` is then its version. */
  repository: z.string().nullable(),
  /** Full version of Python. */
  python: z.string(),
  /** `name==version` of every installed package. */
  packages: z.array(z.string()),
  stepwell_version: z.string(),
  completed_at: z.string(),
});
export type SetupRecord = z.infer<typeof SetupRecord>;

export function setupPaths(recipe: Recipe, settings: SetupSettings): SetupPaths {
  const directory = join(resolve(settings.install_dir ?? 'frameworks'), `${recipe.name}@${commitOf(recipe, settings)}`);
  const environment = join(directory, 'env');
  const programs = join(environment, 'bin');
  return {
    directory,
    source: join(directory, 'source'),
    environment,
    python: join(programs, 'python'),
    programs,
    encodings: join(directory, 'encodings'),
    agent: join(directory, 'agent'),
    log: join(directory, SETUP_LOG),
    record: join(directory, SETUP_FILE),
    lock: `${directory}.lock`,
  };
}

/** Or the version of a package. */
export function commitOf(recipe: Recipe, settings: SetupSettings): string {
  return recipe.repository === null ? recipe.commit : (settings.commit_hash ?? recipe.commit);
}

/** Digest of what a set-up contains; when it changes, the framework is set up again. */
export function recipeDigest({ packages, leaveOut, encodings, agent: driven }: Recipe): string {
  const agent = driven === undefined ? undefined : { program: driven.program, npmPackage: driven.npmPackage };
  return hash('sha256', JSON.stringify({ packages, leaveOut, encodings, agent }));
}

/** For people, without the directory. */
export function describeRecord({ repository, commit, python, packages }: SetupRecord): string {
  return `${repository === null ? 'version' : 'commit'} ${commit}, Python ${python}, ${packages.length} packages`;
}

/** Null when the set-up was never finished, or its record cannot be read. */
export async function readSetup(paths: SetupPaths): Promise<SetupRecord | null> {
  return parseJsonAs(SetupRecord, await readFile(paths.record, 'utf8').catch(() => ''));
}
