/** An unprivileged user, for tests that may run as root, who can open every path. */
import { spawnSync } from 'node:child_process';

/** User and group id of `nobody`. */
export const UNPRIVILEGED_ID = 65_534;
export const isRoot = process.getuid?.() === 0;

/** Why nothing can run as an unprivileged user here; false when it can. */
export function whyNoUnprivilegedUser(): string | false {
  if (process.getuid === undefined) return 'needs users and modes of POSIX';
  if (!isRoot) return false;
  const script = `process.setgid(${UNPRIVILEGED_ID}); process.setuid(${UNPRIVILEGED_ID}); fs.accessSync(${JSON.stringify(import.meta.filename)}, fs.constants.R_OK)`;
  return spawnSync(process.execPath, ['-e', script]).status === 0 ? false : 'the user nobody may not read this checkout';
}
