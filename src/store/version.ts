/** Which stepwell this is. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The package's folder: two levels above this file, in sources and in the built package alike. */
const HOME = fileURLToPath(new URL('../..', import.meta.url));

/** The version in stepwell's package.json, such as `0.1.0`. */
export function stepwellVersion(): string {
  const { version } = JSON.parse(readFileSync(`${HOME}package.json`, 'utf8')) as { version: string };
  return version;
}

/**
 * The version and, when stepwell runs from a clone, its commit: `0.1.0+<40 digits>`, with `.dirty` behind it where tracked
 * files differ from that commit. Without a clone, or without git, the version alone.
 */
export async function stepwellCommit(): Promise<string> {
  const version = stepwellVersion();
  if (!existsSync(`${HOME}.git`)) return version;
  try {
    const commit = await git('rev-parse', 'HEAD');
    const changes = await git('status', '--porcelain', '--untracked-files=no');
    return `${version}+${commit}${changes === '' ? '' : '.dirty'}`;
  } catch {
    return version;
  }
}

async function git(...args: string[]): Promise<string> {
  // A GIT_DIR of the caller (a hook, say) would make git speak of another repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  const { stdout } = await promisify(execFile)('git', ['-C', HOME, ...args], { env, timeout: 10_000 });
  return stdout.trim();
}
