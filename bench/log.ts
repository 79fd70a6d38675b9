/**
 * Lines a second of the log core beside other loggers. Every case is a process of its own; the cases take turns, so that a
 * busy machine is unfair to all of them alike, and the ratios are those of medians.
 *
 * Options: --rounds N (default 5), --only PART-OF-A-NAME, and BENCH_LINES in the environment (default 300000).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases } from './log/cases.ts';
import { LINES } from './log/workload.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, only: { type: 'string', default: '' } } });
const rounds = Number(values.rounds);
const BASE = 'pino sync';
const LIMIT = 'fs.writeSync, ready strings';
const names = Object.keys(cases).filter((name) => name.includes(values.only) || name === BASE || name === LIMIT);

interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
let lineBytes = 0;
for (let round = 1; round <= rounds; round++) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  // Another order in each round, the same in every benchmark.
  const order = names.map((_, index) => names[(index * 7 + round * 3) % names.length] as string);
  for (const name of new Set([...order, ...names])) samples.get(name)?.push(measure(name));
}

function measure(name: string): Sample {
  const directory = mkdtempSync(join(tmpdir(), 'stepwell-bench-'));
  try {
    const script = join(import.meta.dirname, 'log', 'case.ts');
    const out = execFileSync(process.execPath, [script, name, directory], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (name === 'stepwell write-through') lineBytes = bytesBelow(directory) / (LINES + Math.ceil(LINES / 15));
    return JSON.parse(out) as Sample;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function bytesBelow(directory: string): number {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => statSync(join(directory, path)));
  return paths.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const seconds = (name: string): number => median((samples.get(name) ?? []).map((sample) => sample.seconds));

const row = (cells: string[]): string =>
  `${(cells[0] ?? '').padEnd(30)}${cells
    .slice(1)
    .map((cell) => cell.padStart(12))
    .join('')}`;
console.log(`${LINES} lines of ${Math.round(lineBytes)} bytes, 20 steps × 4 components, bursts of 100; medians of ${rounds}`);
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
console.log(row(['', 'lines/s', 'CPU µs/line', '× pino sync', '× writeSync']));
for (const name of names.toSorted((a, b) => seconds(a) - seconds(b))) {
  const cpu = median((samples.get(name) ?? []).map((sample) => sample.cpuSeconds));
  console.log(
    row([
      name,
      Math.round(LINES / seconds(name)).toLocaleString('en'),
      ((cpu * 1e6) / LINES).toFixed(2),
      (seconds(BASE) / seconds(name)).toFixed(2),
      (seconds(LIMIT) / seconds(name)).toFixed(2),
    ]),
  );
}

const verdicts = [
  ['write-through against pino sync', seconds(BASE) / seconds('stepwell write-through'), 'at least', 2],
  ['buffered against pino sync', seconds(BASE) / seconds('stepwell buffered'), 'at least', 4],
  ['time of 100 live runs against one', seconds('stepwell, 100 live runs') / seconds('stepwell, 1 live run'), 'at most', 1.25],
] as const;
console.log('');
for (const [what, ratio, kind, bar] of verdicts) {
  if (Number.isNaN(ratio)) continue;
  const held = kind === 'at least' ? ratio >= bar : ratio <= bar;
  console.log(`${what}: ${ratio.toFixed(2)} (${kind} ${bar.toFixed(2)}): ${held ? 'held' : 'MISSED'}`);
  if (!held) process.exitCode = 1;
}
