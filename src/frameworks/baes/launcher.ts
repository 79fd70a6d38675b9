/** What lets stepwell start the application that BAEs builds: BAEs itself writes no program that does only that. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellQuote } from '../../exec/index.ts';
import { placeStartScript } from '../start-script.ts';

/**
 * Puts `start.sh` into the workspace before the first step, so that it counts as no work of the framework; and an empty `.env`, since
 * the application looks for one upwards and would take the user's.
 */
export async function placeLauncher(workspace: string, python: string): Promise<void> {
  const script = `#!/bin/sh
# Written by stepwell: starts what BAEs builds here, with the Python that BAEs runs on.
exec ${shellQuote(python)} -B -m uvicorn app.main:app --host 127.0.0.1 --port "\${PORT:?}"
`;
  await placeStartScript(workspace, script);
  await writeFile(join(workspace, '.env'), '', { flag: 'a' });
}
