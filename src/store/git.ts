/** Questions to git about a checkout. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** On a file system that does not answer, git does not either. */
const TIMEOUT_MS = 10_000;

/** What a program outside of any hook would see; XDG_CONFIG_HOME says which checkouts of other users are trusted. */
const ENVIRONMENT = ['PATH', 'HOME', 'XDG_CONFIG_HOME'] as const;

/**
 * What git says of the checkout that holds `directory`, without white space around it; null when git is missing, says no or
 * does not answer in time. Its environment is bare: a GIT_DIR of the caller (a hook, say) would make it speak of another
 * repository, and a checkout's own settings can name programs, which need no secrets.
 */
export async function runGit(
  directory: string,
  args: readonly string[],
  { env = process.env, timeoutMs = TIMEOUT_MS }: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<string | null> {
  const kept = Object.fromEntries(ENVIRONMENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  try {
    const { stdout } = await promisify(execFile)('git', args, {
      cwd: directory,
      env: { ...kept, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    return stdout.trim();
  } catch {
    return null;
  }
}

/** The commit that is checked out; null outside of a checkout. */
export async function gitCommit(directory: string): Promise<string | null> {
  return await runGit(directory, ['rev-parse', '--verify', 'HEAD']);
}

/** Whether tracked files differ from the commit; null when git did not answer. */
export async function gitDirty(directory: string): Promise<boolean | null> {
  const changes = await runGit(directory, ['status', '--porcelain', '--untracked-files=no']);
  return changes === null ? null : changes !== '';
}

/** Whether the repository holds a commit of exactly this name. */
export async function gitHasCommit(repository: string, commit: string): Promise<boolean> {
  return (await runGit(repository, ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`])) === commit;
}
