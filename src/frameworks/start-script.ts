/** A start script for frameworks that do not write one themselves. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes `start.sh` into the workspace. Call it before the first step, so that it does not count as the framework's work. */
export async function placeStartScript(workspace: string, script: string): Promise<void> {
  const target = join(workspace, 'start.sh');
  await writeFile(target, script);
  await chmod(target, 0o755);
}
