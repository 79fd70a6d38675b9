/** Brings the source of a framework at one commit, from a git URL or a path on this machine. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../secrets/index.ts';
import { gitHasCommit } from '../store/index.ts';
import type { SetupPlace } from './place.ts';
import type { Recipe } from './recipe.ts';
import type { Tools } from './tool.ts';
import { setupError } from './errors.ts';

/**
 * The files of the commit and nothing else: git's names are its digests, so what comes out of the archive of a commit is that commit,
 * without its submodules and what it marks as `export-ignore`.
 *
 * @throws SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_STEP_FAILED
 */
export async function fetchSource(
  framework: string,
  { repository, commit, leaveOut }: Pick<Recipe, 'commit' | 'leaveOut'> & { readonly repository: Repository },
  place: SetupPlace,
  tools: Tools,
): Promise<void> {
  const isLocal = await stat(repository.address).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  const fetched = join(place.directory, 'fetched.git');
  if (!isLocal) await fetchCommit({ framework, repository, commit, into: fetched }, place.directory, tools);
  const from = isLocal ? repository.address : fetched;
  if (!(await gitHasCommit(from, commit))) {
    throw setupError('SETUP_COMMIT_MISSING', { framework, repository: repository.shown, commit, isLocal });
  }

  const packed = join(place.directory, 'source.tar');
  const excluded = leaveOut.map((name) => `:(exclude)${name}`);
  // Run where pathspecs cannot be taken for names of a work tree: `git archive` reads the commit alone.
  await tools.run(
    'unpack the source',
    ['git', '-C', from, 'archive', `--output=${packed}`, commit, '.', ...excluded],
    place.directory,
  );
  await mkdir(place.source, { recursive: true });
  await tools.run('unpack the source', ['tar', '-xf', packed, '-C', place.source], place.directory);
  // Frameworks look for a `.env` upwards from their own files, and the user's, with real keys, may lie above: theirs ends the search.
  await writeFile(join(place.source, '.env'), '');
  await rm(packed);
  await rm(fetched, { recursive: true, force: true });
}

/** One commit without history where the server gives that, else everything. */
async function fetchCommit(
  { framework, repository, commit, into }: { framework: string; repository: Repository; commit: string; into: string },
  cwd: string,
  tools: Tools,
): Promise<void> {
  await tools.run('make a repository', ['git', 'init', '--quiet', '--bare', into], cwd);
  // A connection that stands still is given up after a minute.
  const patience = ['-c', 'http.lowSpeedLimit=1000', '-c', 'http.lowSpeedTime=60'] as const;
  const fetch = ['git', ...patience, '-C', into, 'fetch', '--quiet', '--no-tags'] as const;
  // `--`: what begins with a dash is an address all the same.
  if ((await tools.attempt([...fetch, '--depth=1', '--', repository.address, commit], cwd)).ok) return;
  const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  const fetched = await tools.attempt([...fetch, '--', repository.address, ...all], cwd);
  if (fetched.ok) return;
  throw setupError('SETUP_SOURCE_UNREACHABLE', { framework, repository: repository.shown, lines: fetched.lines });
}
