/** The run directories that are there. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifErrno, LOGS_DIR, METADATA_FILE, METRICS_FILE, PRIVATE_DIR } from '../store.ts';

/** Paths `<framework>/<run_id>` below the runs directory, sorted; empty when there is no such directory. */
export async function scanRuns(runsDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const framework of await directoriesIn(runsDir)) {
    for (const run of await directoriesIn(join(runsDir, framework))) {
      if (isRunDirectory(join(runsDir, framework, run))) found.push(`${framework}/${run}`);
    }
  }
  return found.sort();
}

/** Whether a directory has what every run has at least one of. */
export function isRunDirectory(dir: string): boolean {
  return [METADATA_FILE, LOGS_DIR, METRICS_FILE, PRIVATE_DIR].some((name) => existsSync(join(dir, name)));
}

async function directoriesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(ifErrno(['ENOENT', 'ENOTDIR'], []));
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map((entry) => entry.name);
}
