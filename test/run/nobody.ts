/** An ordinary user, for tests that may be run by root, to whom every path is open. */
import { spawnSync } from 'node:child_process';

/** User and group id of `nobody`. */
export const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;

/** Why nothing can be run as an ordinary user here; false where it can. */
export function whyNoOrdinaryUser(): string | false {
  if (process.getuid === undefined) return 'needs users and modes of POSIX';
  if (!isRoot) return false;
  const look = `process.setgid(${NOBODY}); process.setuid(${NOBODY}); fs.accessSync(${JSON.stringify(import.meta.filename)}, fs.constants.R_OK)`;
  return spawnSync(process.execPath, ['-e', look]).status === 0 ? false : 'the user nobody may not read this checkout';
}
