/** Copies what ChatDev built from its checkout into the workspace, and writes a start script. */
import { chmod, copyFile, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shellQuote } from '../../exec/index.ts';
import { placeStartScript } from '../start-script.ts';

/** Documents about the code, not code. */
const DOCUMENTS = ['requirements.txt', 'manual.md'];

/**
 * Copies the top-level files of the output: Python programs, and files that ChatDev says it wrote. Its logs, and files that the
 * program created when ChatDev tried it, are not copied.
 *
 * @returns names of the files that are code
 */
export async function collectOutput(outputDir: string, workspace: string, written: ReadonlySet<string>): Promise<string[]> {
  const code: string[] = [];
  for (const folder of await readdir(outputDir, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const top = join(outputDir, folder.name);
    const names = (await readdir(top)).filter((name) => name.endsWith('.py') || written.has(name)).sort();
    for (const name of names) {
      if (!(await lstat(join(top, name))).isFile()) continue;
      const own = name === 'start.sh' ? CHATDEV_LAUNCHER : name;
      const target = join(workspace, own);
      // The built program may have left a symbolic link here; never write through it.
      await rm(target, { recursive: true, force: true });
      await copyFile(join(top, name), target);
      if (own === CHATDEV_LAUNCHER) await chmod(target, 0o755);
      if (!DOCUMENTS.includes(name)) code.push(own);
    }
  }
  return code;
}

/** A start.sh written by ChatDev gets this name. */
const CHATDEV_LAUNCHER = 'chatdev_start.sh';

/**
 * Writes `start.sh` into the workspace before the first step, so that it does not count as the framework's work.
 *
 * @param programs directories with a Python, in order of preference; missing ones are skipped when it runs
 */
export async function placeLauncher(workspace: string, programs: readonly string[]): Promise<void> {
  await mkdir(workspace, { recursive: true });
  const path = programs.map(shellQuote).join(':');
  const script = `#!/bin/sh
# Written by stepwell: starts what ChatDev builds here, with the Python that ChatDev runs on.
cd "$(dirname "$0")" || exit 1
PATH=${path}:"$PATH"
export PATH PYTHONDONTWRITEBYTECODE=1
[ ! -f ${CHATDEV_LAUNCHER} ] || exec ./${CHATDEV_LAUNCHER}
exec python3 main.py
`;
  await placeStartScript(workspace, script);
}
