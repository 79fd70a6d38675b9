/**
 * Packing and reading back, against GNU tar: a run directory of 10,000 files and 400 MB. Rounds are interleaved, figures are medians.
 *
 * npm run bench -- archive [rounds]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { LOG_READ, makeTree } from './archive/tree.ts';

const rounds = Number(process.argv[2] ?? 3);
const root = mkdtempSync(join(tmpdir(), 'stepwell-bench-archive-'));
const runDir = join(root, 'run');
const [ours, theirs] = [join(runDir, 'run.tar.gz'), join(root, 'tar.tar.gz')];
const TO_PACK = ['logs', 'metrics.json', 'workspace'];

interface Measured {
  readonly ms: number;
  readonly maxRssBytes: number;
}

function ownProcess(what: string, ...rest: string[]): Measured {
  const script = join(import.meta.dirname, 'archive/work.ts');
  return JSON.parse(execFileSync(process.execPath, [script, what, runDir, ...rest], { encoding: 'utf8' })) as Measured;
}

function timed(command: string, args: string[]): number {
  const begin = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function show(name: string, ms: number, more: string): void {
  console.log(`${name.padEnd(34)} ${ms.toFixed(0).padStart(7)} ms  ${more}`);
}

function size(path: string): string {
  return `${(statSync(path).size / 1e6).toFixed(1)} MB`;
}

try {
  const { files, bytes } = makeTree(runDir);
  // What makes it a run directory, so that the index is kept beside the archive.
  writeFileSync(join(runDir, 'metadata.json'), '{}\n');
  console.log(`${files} files, ${(bytes / 1e6).toFixed(0)} MB, ${rounds} rounds`);
  const times = { tar: [] as number[], pack: [] as number[], extract: [] as number[], read: [] as number[] };
  let memory = 0;
  for (let round = 0; round < rounds; round++) {
    times.tar.push(timed('tar', ['-czf', theirs, '-C', runDir, ...TO_PACK]));
    rmSync(ours, { force: true });
    const packed = ownProcess('pack');
    times.pack.push(packed.ms);
    memory = Math.max(memory, packed.maxRssBytes);
    times.extract.push(timed('tar', ['-xzOf', theirs, LOG_READ]));
    times.read.push(ownProcess('read', LOG_READ).ms);
  }
  show('tar czf', median(times.tar), size(theirs));
  show('packRun, hashed and read back', median(times.pack), `${size(ours)}, at most ${(memory / 2 ** 20).toFixed(0)} MiB`);
  show(`tar -xzO ${LOG_READ}`, median(times.extract), '');
  show(`openArchive and read, in process`, median(times.read), '');
  const bars: [string, number, (value: number) => boolean][] = [
    ['packRun: times as fast as tar czf (2 or more)', median(times.tar) / median(times.pack), (value) => value >= 2],
    ['one 4 MB log: times as fast as tar -xzO (20 or more)', median(times.extract) / median(times.read), (value) => value >= 20],
    ['peak memory in MiB (under 256)', memory / 2 ** 20, (value) => value < 256],
  ];
  for (const [what, value, holds] of bars) {
    console.log(`${holds(value) ? 'ok  ' : 'FAIL'} ${what}: ${value.toFixed(2)}`);
    if (!holds(value)) process.exitCode = 1;
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
