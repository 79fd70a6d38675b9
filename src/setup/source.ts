/** Fetches the source of a framework at one commit, from a git URL or a local path. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../secrets/index.ts';
import { gitHasCommit } from '../store/index.ts';
import type { SetupPaths } from './paths.ts';
import type { Recipe } from './recipe.ts';
import type { SetupTools } from './tool.ts';
import { setupError } from './errors.ts';

/**
 * Exactly the files of the commit, since git verifies content by digest; without submodules and paths marked `export-ignore`.
 *
 * @throws SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_STEP_FAILED
 */
export async function fetchSource(
  framework: string,
  { repository, commit, leaveOut }: Pick<Recipe, 'commit' | 'leaveOut'> & { readonly repository: Repository },
  paths: SetupPaths,
  tools: SetupTools,
): Promise<void> {
  const isLocal = await stat(repository.address).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  const fetched = join(paths.directory, 'fetched.git');
  if (!isLocal) await fetchCommit({ framework, repository, commit, into: fetched }, paths.directory, tools);
  const from = isLocal ? repository.address : fetched;
  if (!(await gitHasCommit(from, commit))) {
    throw setupError('SETUP_COMMIT_MISSING', { framework, repository: repository.shown, commit, isLocal });
  }

  const packed = join(paths.directory, 'source.tar');
  const excluded = leaveOut.map((name) => `:(exclude)${name}`);
  // Run outside any work tree, so that pathspecs match the commit only.
  await tools.run(
    'unpack the source',
    ['git', '-C', from, 'archive', `--output=${packed}`, commit, '.', ...excluded],
    paths.directory,
  );
  await mkdir(paths.source, { recursive: true });
  await tools.run('unpack the source', ['tar', '-xf', packed, '-C', paths.source], paths.directory);
  // Frameworks search parent directories for a `.env`, where the user's, with real keys, may be; an empty one ends the search.
  await writeFile(join(paths.source, '.env'), '');
  await rm(packed);
  await rm(fetched, { recursive: true, force: true });
}

/** One commit without history if the server allows it, otherwise everything. */
async function fetchCommit(
  { framework, repository, commit, into }: { framework: string; repository: Repository; commit: string; into: string },
  cwd: string,
  tools: SetupTools,
): Promise<void> {
  await tools.run('make a repository', ['git', 'init', '--quiet', '--bare', into], cwd);
  // Give up on a stalled connection after a minute.
  const patience = ['-c', 'http.lowSpeedLimit=1000', '-c', 'http.lowSpeedTime=60'] as const;
  const fetch = ['git', ...patience, '-C', into, 'fetch', '--quiet', '--no-tags'] as const;
  // `--`: an address may begin with a dash.
  if ((await tools.attempt([...fetch, '--depth=1', '--', repository.address, commit], cwd)).ok) return;
  const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  const fetched = await tools.attempt([...fetch, '--', repository.address, ...all], cwd);
  if (fetched.ok) return;
  throw setupError('SETUP_SOURCE_UNREACHABLE', { framework, repository: repository.shown, lines: fetched.lines });
}
