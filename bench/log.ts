/**
 * Lines a second of the log core beside other loggers. Every case is a process of its own; the cases take turns in shuffled
 * order, so that a busy machine is unfair to all of them alike, and the ratios are those of medians. Processor time stands
 * beside wall time: where their ratios differ much, the machine was busy, not the logger slow.
 *
 * Options: --rounds N (default 5), --only PART-OF-A-NAME, and BENCH_LINES in the environment (default 300000).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
  readonly lineBytes: number;
}

const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
for (let round = 1; round <= rounds; round++) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  for (const name of shuffled(names)) samples.get(name)?.push(measure(name));
}

function measure(name: string): Sample {
  const directory = mkdtempSync(join(tmpdir(), 'stepwell-bench-'));
  try {
    const script = join(import.meta.dirname, 'log', 'case.ts');
    const out = execFileSync(process.execPath, [script, name, directory], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return JSON.parse(out) as Sample;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function shuffled(list: readonly string[]): string[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const of = (name: string, what: keyof Sample): number => median((samples.get(name) ?? []).map((sample) => sample[what]));
const ratio = (name: string, base: string, what: keyof Sample): string => (of(base, what) / of(name, what)).toFixed(2);

const row = (cells: string[]): string =>
  `${(cells[0] ?? '').padEnd(28)}${cells
    .slice(1)
    .map((cell) => cell.padStart(13))
    .join('')}`;
console.log(`${LINES} lines, 20 steps × 4 components, bursts of 100; medians of ${rounds}`);
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
console.log(row(['', 'bytes/line', 'lines/s', '× pino sync', '× writeSync', 'CPU µs/line', '× pino, CPU']));
for (const name of names.toSorted((a, b) => of(a, 'seconds') - of(b, 'seconds'))) {
  console.log(
    row([
      name,
      String(Math.round(of(name, 'lineBytes'))),
      Math.round(LINES / of(name, 'seconds')).toLocaleString('en'),
      ratio(name, BASE, 'seconds'),
      ratio(name, LIMIT, 'seconds'),
      ((of(name, 'cpuSeconds') * 1e6) / LINES).toFixed(2),
      ratio(name, BASE, 'cpuSeconds'),
    ]),
  );
}

const verdicts = [
  ['write-through against pino sync', BASE, 'stepwell write-through', 'at least', 2],
  ['buffered against pino sync', BASE, 'stepwell buffered', 'at least', 4],
  ['time of 100 live runs against one', 'stepwell, 100 live runs', 'stepwell, 1 live run', 'at most', 1.25],
] as const;
console.log('');
for (const [what, above, below, kind, bar] of verdicts) {
  const measured = of(above, 'seconds') / of(below, 'seconds');
  if (Number.isNaN(measured)) continue;
  const held = kind === 'at least' ? measured >= bar : measured <= bar;
  const cpu = `${ratio(below, above, 'cpuSeconds')} by processor time`;
  console.log(`${what}: ${measured.toFixed(2)}, ${cpu} (${kind} ${bar.toFixed(2)}): ${held ? 'held' : 'MISSED'}`);
  if (!held) process.exitCode = 1;
}
