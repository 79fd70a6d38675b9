/** What ChatDev built, brought from its checkout into the workspace, and what starts it. */
import { chmod, copyFile, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shellQuote } from '../../exec/index.ts';
import { placeStartScript } from '../start-script.ts';

/** ChatDev's words about the code rather than code. */
const DOCUMENTS = ['requirements.txt', 'manual.md'];

/**
 * Copies the files at the top of what was built: programs in Python, and what ChatDev says it wrote. Its records, and what the
 * program left there when ChatDev tried it, stay behind.
 *
 * @returns names of the files that are code
 */
export async function takeProduct(products: string, workspace: string, written: ReadonlySet<string>): Promise<string[]> {
  const code: string[] = [];
  for (const folder of await readdir(products, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const top = join(products, folder.name);
    const names = (await readdir(top)).filter((name) => name.endsWith('.py') || written.has(name)).sort();
    for (const name of names) {
      if (!(await lstat(join(top, name))).isFile()) continue;
      const own = name === 'start.sh' ? OWN_LAUNCHER : name;
      const target = join(workspace, own);
      // Where the program that was built left a link, what it leads to is none of the workspace's.
      await rm(target, { recursive: true, force: true });
      await copyFile(join(top, name), target);
      if (own === OWN_LAUNCHER) await chmod(target, 0o755);
      if (!DOCUMENTS.includes(name)) code.push(own);
    }
  }
  return code;
}

/** A start.sh of ChatDev's own gets this name. */
const OWN_LAUNCHER = 'chatdev_start.sh';

/**
 * Puts `start.sh` into the workspace before the first step, so that it counts as no work of the framework.
 *
 * @param programs directories with a Python, the best first; those that are gone later are passed over
 */
export async function placeLauncher(workspace: string, programs: readonly string[]): Promise<void> {
  await mkdir(workspace, { recursive: true });
  const path = programs.map(shellQuote).join(':');
  const script = `#!/bin/sh
# Written by stepwell: starts what ChatDev builds here, with the Python that ChatDev runs on.
cd "$(dirname "$0")" || exit 1
PATH=${path}:"$PATH"
export PATH PYTHONDONTWRITEBYTECODE=1
[ ! -f ${OWN_LAUNCHER} ] || exec ./${OWN_LAUNCHER}
exec python3 main.py
`;
  await placeStartScript(workspace, script);
}
