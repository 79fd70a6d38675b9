/** The run directories that are there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LOGS_DIR, METADATA_FILE, METRICS_FILE, PRIVATE_DIR, listSubdirectories } from '../store/index.ts';

/** Paths `<framework>/<run_id>` below the runs directory, sorted; empty when there is no such directory. @throws RUNS_UNREADABLE */
export async function scanRuns(runsDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const framework of await visibleSubdirectories(runsDir)) {
    for (const run of await visibleSubdirectories(join(runsDir, framework))) {
      if (isRunDirectory(join(runsDir, framework, run))) found.push(`${framework}/${run}`);
    }
  }
  return found.sort();
}

/** Whether a directory has what every run has at least one of. */
export function isRunDirectory(dir: string): boolean {
  return [METADATA_FILE, LOGS_DIR, METRICS_FILE, PRIVATE_DIR].some((name) => existsSync(join(dir, name)));
}

async function visibleSubdirectories(dir: string): Promise<string[]> {
  return (await listSubdirectories(dir)).filter((name) => !name.startsWith('.'));
}
