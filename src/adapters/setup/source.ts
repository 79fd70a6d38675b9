/** Brings the source of a framework at one commit, from a git URL or a path on this machine. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stepwellError } from '../../errors.ts';
import { gitHasCommit } from '../../store.ts';
import type { SetupPlace } from './place.ts';
import type { Recipe } from './recipe.ts';
import type { Tools } from './tool.ts';

/**
 * The files of the commit and nothing else: git's names are its digests, so what comes out of the archive of a commit is that commit.
 *
 * @throws SETUP_SOURCE_UNREACHABLE, SETUP_COMMIT_MISSING, SETUP_STEP_FAILED
 */
export async function fetchSource(
  framework: string,
  { repository, commit, leaveOut }: Pick<Recipe, 'commit' | 'leaveOut'> & { readonly repository: string },
  place: SetupPlace,
  tools: Tools,
): Promise<void> {
  const isLocal = await stat(repository).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  const fetched = join(place.directory, 'fetched.git');
  if (!isLocal) await fetchCommit({ framework, repository, commit, into: fetched }, place.directory, tools);
  const from = isLocal ? repository : fetched;
  if (!(await gitHasCommit(from, commit))) throw stepwellError('SETUP_COMMIT_MISSING', { framework, repository, commit });

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
  { framework, repository, commit, into }: { framework: string; repository: string; commit: string; into: string },
  cwd: string,
  tools: Tools,
): Promise<void> {
  await tools.run('make a repository', ['git', 'init', '--quiet', '--bare', into], cwd);
  const fetch = ['git', '-C', into, 'fetch', '--quiet', '--no-tags'] as const;
  if ((await tools.attempt([...fetch, '--depth=1', repository, commit], cwd)) !== null) return;
  if ((await tools.attempt([...fetch, repository, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'], cwd)) !== null)
    return;
  throw stepwellError('SETUP_SOURCE_UNREACHABLE', { framework, repository });
}
