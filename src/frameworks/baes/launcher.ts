/** Start script of the application that BAEs builds; BAEs does not write one itself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellQuote } from '../../exec/index.ts';
import { placeStartScript } from '../start-script.ts';

/**
 * Writes `start.sh` into the workspace before the first step, so that it does not count as the framework's work; and an empty `.env`,
 * since the application searches parent directories for one and would load the user's.
 */
export async function placeLauncher(workspace: string, python: string): Promise<void> {
  const script = `#!/bin/sh
# Written by stepwell: starts what BAEs builds here, with the Python that BAEs runs on.
exec ${shellQuote(python)} -B -m uvicorn app.main:app --host 127.0.0.1 --port "\${PORT:?}"
`;
  await placeStartScript(workspace, script);
  await writeFile(join(workspace, '.env'), '', { flag: 'a' });
}
