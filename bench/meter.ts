/**
 * What the metering proxy costs a call, beside Portkey's gateway and LiteLLM's proxy: all three in front of the same stub, in
 * turns, shuffled in each round. Medians over the rounds; processor time is that of the proxy's own processes.
 *
 * Options: --rounds N (default 5), --peers DIRECTORY (where the peers are installed once, default node_modules/.cache/bench-peers).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { askMany, streamMany } from './meter/load.ts';
import { startTargets, type Target } from './meter/targets.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    peers: { type: 'string', default: 'node_modules/.cache/bench-peers' },
  },
});
const rounds = Number(values.rounds);
const peers = resolve(values.peers);
const ONE_BY_ONE = 200;
const AT_ONCE = 16;
const THROUGHPUT = 600;
const STREAMS = 100;

interface Sample {
  /** Median milliseconds of a request alone. */
  readonly latencyMs: number;
  readonly requestsPerSecond: number;
  readonly cpuMsPerRequest: number;
  /** Median and 99th percentile of an event's way, with 100 streams at once. */
  readonly eventMs: number;
  readonly eventP99Ms: number;
  readonly cpuMsPerStream: number;
}

execFileSync('sh', [join(import.meta.dirname, 'meter/peers.sh'), peers], { stdio: 'inherit' });
const directory = mkdtempSync(join(tmpdir(), 'stepwell-bench-'));
const { targets, stop } = await startTargets(directory, peers);
const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]));
try {
  for (const target of targets) {
    await askMany(target.address, 200, 4);
    await streamMany(target.address, 10);
  }
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    for (const target of shuffled(targets)) samples.get(target.name)?.push(await measure(target));
  }
} finally {
  stop();
  rmSync(directory, { recursive: true, force: true });
}

async function measure(target: Target): Promise<Sample> {
  const alone = await askMany(target.address, ONE_BY_ONE, 1);
  const cpuBefore = target.cpuSeconds();
  const began = performance.now();
  await askMany(target.address, THROUGHPUT, AT_ONCE);
  const seconds = (performance.now() - began) / 1000;
  const cpuBetween = target.cpuSeconds();
  const { delays } = await streamMany(target.address, STREAMS);
  const cpuAfter = target.cpuSeconds();
  return {
    latencyMs: quantile(alone, 0.5),
    requestsPerSecond: THROUGHPUT / seconds,
    cpuMsPerRequest: ((cpuBetween - cpuBefore) * 1000) / THROUGHPUT,
    eventMs: quantile(delays, 0.5),
    eventP99Ms: quantile(delays, 0.99),
    cpuMsPerStream: ((cpuAfter - cpuBetween) * 1000) / STREAMS,
  };
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const of = (name: string, what: keyof Sample): number =>
  quantile(
    (samples.get(name) ?? []).map((sample) => sample[what]),
    0.5,
  );
const row = (cells: string[]): string =>
  `${(cells[0] ?? '').padEnd(18)}${cells
    .slice(1)
    .map((cell) => cell.padStart(15))
    .join('')}`;
const fixed = (value: number, digits = 2): string => (Number.isFinite(value) ? value.toFixed(digits) : '–');

console.log(
  `${ONE_BY_ONE} requests one by one, ${THROUGHPUT} by ${AT_ONCE}, ${STREAMS} streams at once; medians of ${rounds} rounds`,
);
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
console.log(row(['', 'added ms', 'requests/s', 'CPU ms/req', 'req/CPU-s', '× stepwell CPU']));
const base = of('direct', 'latencyMs');
const own = of('stepwell', 'cpuMsPerRequest');
for (const { name } of targets) {
  const cpu = of(name, 'cpuMsPerRequest');
  const proxy = name !== 'direct';
  console.log(
    row([
      name,
      fixed(of(name, 'latencyMs') - base),
      fixed(of(name, 'requestsPerSecond'), 0),
      proxy ? fixed(cpu) : '–',
      proxy ? fixed(1000 / cpu, 0) : '–',
      proxy ? fixed(cpu / own) : '–',
    ]),
  );
}
console.log(`\n${row([`${STREAMS} streams`, 'added event ms', 'event p99 ms', 'CPU ms/stream', '', '× stepwell CPU'])}`);
const baseEvent = of('direct', 'eventMs');
const ownStream = of('stepwell', 'cpuMsPerStream');
for (const { name } of targets) {
  const cpu = of(name, 'cpuMsPerStream');
  const proxy = name !== 'direct';
  console.log(
    row([
      name,
      fixed(of(name, 'eventMs') - baseEvent),
      fixed(of(name, 'eventP99Ms')),
      proxy ? fixed(cpu) : '–',
      '',
      proxy ? fixed(cpu / ownStream) : '–',
    ]),
  );
}
