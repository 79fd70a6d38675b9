/** Which stepwell this is. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gitCommit, gitDirty } from './git.ts';

/** The package's folder: two levels above this file, in sources and in the built package alike. */
const PACKAGE_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** The version in stepwell's package.json, such as `0.1.0`. */
export function stepwellVersion(): string {
  const { version } = JSON.parse(readFileSync(`${PACKAGE_DIR}package.json`, 'utf8')) as { version: string };
  return version;
}

/**
 * The version and, when stepwell runs from a clone, its commit: `0.1.0+<40 digits>`, with `.dirty` behind it where tracked
 * files differ from that commit. Without a clone, or without git, the version alone.
 */
export async function stepwellBuild(): Promise<string> {
  const version = stepwellVersion();
  if (!existsSync(`${PACKAGE_DIR}.git`)) return version;
  const commit = await gitCommit(PACKAGE_DIR);
  const dirty = commit === null ? null : await gitDirty(PACKAGE_DIR);
  return dirty === null ? version : `${version}+${commit}${dirty ? '.dirty' : ''}`;
}
