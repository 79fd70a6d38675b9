/** What starts the application that ChatDev builds: ChatDev itself makes no file executable. */
import { mkdir } from 'node:fs/promises';
import { placeStartScript, shellWord } from '../start-script.ts';

/** A start.sh of ChatDev's own gets this name. */
export const OWN_LAUNCHER = 'chatdev_start.sh';

/**
 * Puts `start.sh` into the workspace before the first step, so that it counts as no work of the framework.
 *
 * @param programs directories with a Python, the best first; those that are gone later are passed over
 */
export async function placeLauncher(workspace: string, programs: readonly string[]): Promise<void> {
  await mkdir(workspace, { recursive: true });
  const path = programs.map(shellWord).join(':');
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
