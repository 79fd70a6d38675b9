/** A sealed run, files of it changed for a moment, and what `verify` then finds. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { verifyRun } from '../../src/archive/index.ts';
import { scratchDir, sealRun, writeRun } from './sealed-run.ts';

export async function sealedRun(t: TestContext): Promise<string> {
  const runDir = join(scratchDir(t), '20261122-141503-k3f9');
  await writeRun(runDir);
  await sealRun(runDir);
  return runDir;
}

/** Puts the file back whatever happens meanwhile. */
export async function changed(path: string, change: (data: Buffer) => Buffer | void, check: () => Promise<void>): Promise<void> {
  const data = await readFile(path);
  const copy = Buffer.from(data);
  await writeFile(path, change(copy) ?? copy);
  await check();
  await writeFile(path, data);
}

export const itemsOf = async (path: string): Promise<string[]> => (await verifyRun(path)).items.map((found) => found.item);
