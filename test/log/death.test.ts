/** What is lost when a process dies: the rows of the guarantee table, with real processes. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseRecord } from '../../src/store/index.ts';
import { createLogsDir, type LogsDir } from './logs-dir.ts';

const child = (name: string): string => join(import.meta.dirname, 'child', `${name}.ts`);
const DEATHS = 200;
const LANES = 2;

/** Starts the writer, kills it at a random moment after its first line, and returns the last call known to have returned. */
async function killOnce(path: string, name: string): Promise<number> {
  const env = compiledBeside(path);
  const victim = spawn(process.execPath, [child('kill'), path, name], { stdio: ['ignore', 'pipe', 'inherit'], env });
  let told = '';
  const began = Promise.withResolvers<void>();
  victim.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    began.resolve();
  });
  const ended = once(victim, 'close');
  await Promise.race([began.promise, ended]);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 12));
  victim.kill('SIGKILL');
  const [, signal] = (await ended) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  return Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
}

/** Compiled code is kept beside the logs: two hundred starts are most of this test's time. Only an orderly end writes it. */
const compiledBeside = (path: string): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_COMPILE_CACHE: join(path, '..', 'compiled'),
});

/** Every line is a record, or a fragment that the next line reports with its exact length. */
function checkFragments(dir: LogsDir): { events: Map<string, number>; fragments: number } {
  const events = new Map<string, number>();
  let fragments = 0;
  for (const file of dir.files()) {
    const lines = readFileSync(join(dir.path, file), 'utf8').split('\n');
    const unfinished = lines.pop();
    assert.equal(unfinished, '', `${file} ends in a fragment`);
    for (const [index, line] of lines.entries()) {
      const parsed = parseRecord(line);
      if (parsed.ok) events.set(parsed.record.event, (events.get(parsed.record.event) ?? 0) + 1);
      else {
        fragments += 1;
        const next = parseRecord(lines[index + 1] ?? '');
        assert.ok(next.ok && next.record.event === 'log.recovered', `${file}:${index + 1} is an unreported fragment`);
        assert.equal(next.record.metadata['torn_bytes'], Buffer.byteLength(line));
        assert.equal(next.record.metadata['file'], file);
      }
    }
  }
  return { events, fragments };
}

test(`${DEATHS} SIGKILLs at random moments lose no line whose call returned, and each fragment is isolated`, async (t) => {
  let fragments = 0;
  let lines = 0;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      using dir = createLogsDir();
      const returned = new Map<string, number>();
      spawnSync(process.execPath, [child('lines'), dir.path, 'warm'], { env: compiledBeside(dir.path) });
      for (let death = 0; death < DEATHS / LANES; death++) {
        returned.set(`death${death}`, await killOnce(dir.path, `death${death}`));
      }
      // The last death's fragments are isolated by whoever writes next.
      for (const component of ['adapter', 'metrics', 'validator']) {
        const { getLogger, withRun, withStep } = await import('../../src/log/index.ts');
        withRun({ runId: 'r1', framework: 'f', logsDir: dir.path }, () =>
          withStep(1, () => getLogger('after', { component }).info('alive')),
        );
      }
      const checked = checkFragments(dir);
      for (const [name, last] of returned) {
        assert.ok(last > 0);
        lines += last;
        for (let n = 1; n <= last; n++) assert.equal(checked.events.get(`${name}_${n}`), 1, `${name}_${n} of ${last}`);
      }
      fragments += checked.fragments;
    }),
  );
  t.diagnostic(`${lines} lines returned, none lost; ${fragments} fragments isolated`);
});

describe('ends of a process', () => {
  const ways = { natural: 0, exit: 7, throw: 1, reject: 1, terminate: 'SIGTERM', kill: 'SIGKILL' };
  for (const [way, expected] of Object.entries(ways)) {
    test(`${way}: write-through loses nothing`, () => {
      using dir = createLogsDir();
      const { status, signal } = spawnSync(process.execPath, [child('end'), dir.path, way], { encoding: 'utf8' });
      assert.equal(signal ?? status, expected);
      assert.equal(dir.records('step_001/adapter.log').length, 100);
    });
  }
  for (const way of ['natural', 'exit', 'throw', 'reject']) {
    test(`${way}: buffered loses nothing`, () => {
      using dir = createLogsDir();
      spawnSync(process.execPath, [child('end'), dir.path, way, 'buffered']);
      assert.equal(dir.records('step_001/adapter.log').length, 100);
    });
  }
});

test('two processes writing to one run lose, join or tear no line', async () => {
  using dir = createLogsDir();
  const start = async (name: string): Promise<unknown> =>
    await once(spawn(process.execPath, [child('lines'), dir.path, name, '500', '3000'], { stdio: 'inherit' }), 'close');
  await Promise.all([start('one'), start('two')]);
  const { events, fragments } = checkFragments(dir);
  assert.equal(fragments, 0);
  assert.equal(events.get('log.recovered'), undefined);
  for (const name of ['one', 'two']) for (let n = 1; n <= 500; n++) assert.equal(events.get(`${name}_${n}`), 1);
  assert.equal(new Set(dir.records('run.log').map(({ writer }) => writer)).size, 2);
});

test('two copies of the package in one process share one context', () => {
  using dir = createLogsDir();
  const root = join(import.meta.dirname, '..', '..');
  const copy = mkdtempSync(join(tmpdir(), 'stepwell-copy-'));
  try {
    cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const entries = [root, copy].map((at) => join(at, 'src', 'log.ts'));
    const { status, stderr } = spawnSync(process.execPath, [child('copies'), dir.path, ...entries], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const records = dir.records('step_002/adapter.log');
  assert.deepEqual(
    records.map(({ message, seq }) => [message, seq]),
    [
      ['by a', 1],
      ['by b', 2],
    ],
  );
  assert.equal(records[0]?.writer, records[1]?.writer);
});

test('timestamps never run backwards when the clock is set back', () => {
  using dir = createLogsDir();
  assert.equal(spawnSync(process.execPath, [child('clock'), dir.path]).status, 0);
  const times = dir.records('run.log').map(({ timestamp }) => timestamp);
  assert.equal(times.length, 5);
  assert.deepEqual(times, times.toSorted());
});

function outside(exit: string): Record<string, unknown>[] {
  using dir = createLogsDir();
  const env = { ...process.env, MY_API_KEY: 'a-secret-of-the-environment' };
  const { stderr } = spawnSync(process.execPath, [child('outside'), dir.path, exit], { encoding: 'utf8', env });
  const lines = stderr.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('fallback', () => {
  for (const exit of ['', 'exit']) {
    test(`without a run a line goes to stderr, redacted; a run mirrors from its level; held records are not lost (${exit || 'natural end'})`, () => {
      const lines = outside(exit);
      assert.deepEqual(
        lines.map(({ message, run_id }) => [message, run_id]),
        [
          ['no run', null],
          ['mirrored', 'r1'],
          ['held for nothing', null],
        ],
      );
      assert.deepEqual(lines[0]?.['metadata'], { key: '[redacted]' });
    });
  }
});
