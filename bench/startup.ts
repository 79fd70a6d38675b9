/**
 * What a start costs in processor time: an import of each public entry, and `list` of one run, beside `node -e 0` and zod alone. Built
 * files, each case a process of its own, in turns; figures are medians. Wall time is left out: it is the machine's, not ours.
 *
 * npm run bench -- startup [rounds]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runExperiment } from '../src/index.ts';

const rounds = Number(process.argv[2] ?? 15);
const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(tmpdir(), 'stepwell-bench-startup-'));
/** Loaded before the case: it tells the processor time when the process ends, finer than what the system counts for it. */
const PROBE = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeSync(2, '\\ncpu ' + (user + system) / 1000);
});`;

const imports = (name: string): string[] => ['--input-type=module', '-e', `import '${name}';`];
const CASES: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  zod: imports('zod'),
  ...Object.fromEntries(
    ['stepwell', 'stepwell/log', 'stepwell/meter', 'stepwell/read', 'stepwell/schema', 'stepwell/testing'].map((name) => [
      name,
      imports(name),
    ]),
  ),
  'stepwell list, one run': [join(root, 'bin/stepwell.js'), 'list', '--runs-dir', join(dir, 'runs')],
};
const BASE = 'node -e 0';

function cpuMs(args: readonly string[]): number {
  const probe = join(dir, 'probe.cjs');
  const done = execFileSync('sh', ['-c', 'exec "$@" 2>&1 >/dev/null', 'sh', process.execPath, '--require', probe, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return Number(/cpu ([\d.]+)$/.exec(done.trimEnd())?.[1]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  writeFileSync(join(dir, 'probe.cjs'), PROBE);
  await runExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'], rehearse: true, runsDir: join(dir, 'runs') });
  const samples = new Map(Object.keys(CASES).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of Object.entries(CASES)) samples.get(name)?.push(cpuMs(args));
  }
  const of = (name: string): number => median(samples.get(name) ?? []);
  for (const name of Object.keys(CASES)) {
    const more = of(name) - of(BASE);
    console.log(`${name.padEnd(26)} ${(of(name) / of(BASE)).toFixed(2)} × node -e 0, ${more.toFixed(0)} ms of CPU more`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
