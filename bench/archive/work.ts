/** One measured piece of work in a process of its own: `pack RUN_DIR` or `read RUN_DIR PATH`. Prints `{ms, maxRssBytes}`. */
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { openArchive, packRun } from '../../src/archive/index.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import { SECRETS } from '../log/workload.ts';

const [what = '', runDir = '', path = ''] = process.argv.slice(2);
const begin = performance.now();
if (what === 'pack') {
  // As at sealing: the workspace is searched for what the run knows to be secret. No file holds one.
  const { containsSecret } = createRedactor({ values: SECRETS });
  await packRun({ runDir, exclude: [], containsSecret, modifiedAt: new Date(0) });
} else {
  await using archive = await openArchive(join(runDir, 'run.tar.gz'));
  const data = await archive.read(path);
  if (data === null) throw new Error(`${path} is not in the archive`);
}
const ms = performance.now() - begin;
console.log(JSON.stringify({ ms, maxRssBytes: process.resourceUsage().maxRSS * 1024 }));
