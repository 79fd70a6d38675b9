import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rebuildManifest } from '../../src/catalog/index.ts';
import { writeRun } from '../catalog/fixtures.ts';
import { loadedBy, packagesIn } from '../loaded.ts';
import { cleanEnv, newCliDirectory } from './child.ts';

const BIN = fileURLToPath(new URL('../../bin/stepwell.js', import.meta.url));
const SETUP = fileURLToPath(new URL('../../scripts/build.sh', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** Milliseconds of one start. */
function took(args: readonly string[]): number {
  const begun = performance.now();
  const done = spawnSync(process.execPath, args, { env: cleanEnv() });
  assert.equal(done.status, 0, done.stderr.toString());
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test('--version starts in less than three times a bare node, as the ratio of medians of interleaved runs', (t) => {
  const built = spawnSync('sh', [SETUP], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  const [bare, ours]: [number[], number[]] = [[], []];
  took([BIN, '--version']);
  for (let round = 0; round < 11; round += 1) {
    bare.push(took(['-e', '0']));
    ours.push(took([BIN, '--version']));
  }
  const ratio = median(ours) / median(bare);
  t.diagnostic(`stepwell --version takes ${ratio.toFixed(2)} × node -e 0`);
  assert.ok(ratio < 3, `${ratio.toFixed(2)} ×`);
});

test('--version and -V print the version of package.json', async () => {
  const place = newCliDirectory();
  try {
    for (const flag of ['--version', '-V']) {
      assert.deepEqual(await place.stepwell([flag]), { code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    }
  } finally {
    place.remove();
  }
});

const cli = new URL('../../src/cli/index.ts', import.meta.url).href;

/** Files that are loaded by a command line. */
function loadedByCommand(...args: readonly string[]): string[] {
  return loadedBy(`const { main } = await import(${JSON.stringify(cli)}); await main(${JSON.stringify(args)});`, cleanEnv());
}

test('--version loads neither zod nor commander nor yaml', () => {
  assert.deepEqual(loadedByCommand('--version'), [cli]);
});

test('--help loads no library but commander, and the log core none at all', () => {
  assert.deepEqual(packagesIn(loadedByCommand('--help')), ['commander']);
  const log = new URL('../../src/log/index.ts', import.meta.url).href;
  assert.deepEqual(packagesIn(loadedBy(`await import(${JSON.stringify(log)});`, cleanEnv())), []);
});

test('a list of runs loads neither zod nor yaml, with an index and without one', async () => {
  const runsDir = mkdtempSync(join(tmpdir(), 'stepwell-list-'));
  try {
    writeRun(runsDir, { runId: '20261122-141503-bbbb' });
    const listing = ['commander', 'string-width'];
    for (const indexed of [false, true]) {
      if (indexed) await rebuildManifest(runsDir);
      const loaded = packagesIn(loadedByCommand('list', '--runs-dir', runsDir));
      const known = new Set([...listing, 'ansi-regex', 'get-east-asian-width', 'strip-ansi']);
      assert.ok(listing.every((name) => loaded.includes(name)));
      assert.deepEqual(
        loaded.filter((name) => !known.has(name)),
        [],
      );
    }
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
});
