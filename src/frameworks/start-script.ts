/** What starts the application of a framework that writes no program which does only that. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Puts `start.sh` into the workspace; before the first step, so that it counts as no work of the framework. */
export async function placeStartScript(workspace: string, script: string): Promise<void> {
  const target = join(workspace, 'start.sh');
  await writeFile(target, script);
  await chmod(target, 0o755);
}
