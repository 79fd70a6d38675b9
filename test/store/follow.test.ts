import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { followRecords, type ReadItem } from '../../src/store.ts';
import { SeqOrder } from '../../src/store/read/seq-order.ts';
import { line } from './source-contract.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'stepwell-follow-'));
});
after(() => rm(root, { recursive: true, force: true }));

let runs = 0;
async function newRun(): Promise<string> {
  runs += 1;
  const dir = join(root, `run-${runs}`);
  await mkdir(join(dir, 'logs'), { recursive: true });
  return dir;
}

async function add(runDir: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(runDir, file)), { recursive: true });
  await appendFile(join(runDir, file), text);
}

let seq = 0;
const numbered = (message: string): string => line({ seq: (seq += 1), writer: 'w', message });
const shown = (item: ReadItem | undefined): string =>
  item === undefined
    ? 'end'
    : 'record' in item
      ? `${item.record.message} ${item.file}:${item.line}`
      : `damaged ${item.damaged.line} ${item.damaged.reason}`;

for (const watch of [true, false]) {
  describe(watch ? 'following with reports of changes' : 'following by looking', () => {
    test('gives what is there, then what comes, with new step directories, and ends with the run', async () => {
      const dir = await newRun();
      let live = true;
      await add(dir, 'logs/run.log', numbered('old'));
      const items = followRecords(dir, { isLive: async () => live, watch, pollMs: 20 });
      const next = async (): Promise<string> => shown((await items.next()).value as ReadItem | undefined);
      assert.equal(await next(), 'old logs/run.log:1');
      await add(dir, 'logs/step_001/adapter.log', numbered('new step'));
      assert.equal(await next(), 'new step logs/step_001/adapter.log:1');
      const whole = numbered('in two writes');
      await add(dir, 'logs/step_001/adapter.log', whole.slice(0, 30));
      await add(dir, 'logs/run.log', numbered('meanwhile'));
      const pending = next();
      await add(dir, 'logs/step_001/adapter.log', whole.slice(30));
      assert.equal(await pending, 'in two writes logs/step_001/adapter.log:2');
      assert.equal(await next(), 'meanwhile logs/run.log:2');
      await add(dir, 'logs/step_002/metrics.log', 'torn');
      live = false;
      assert.equal(await next(), 'damaged 1 cut off: the file ends within the line');
      assert.equal(await next(), 'end');
    });
  });
}

test('a run that is not live is read to its end at once', async () => {
  const dir = await newRun();
  await add(dir, 'logs/run.log', numbered('only'));
  const all: string[] = [];
  for await (const item of followRecords(dir)) all.push(shown(item));
  assert.deepEqual(all, ['only logs/run.log:1']);
});

test('a signal ends the following', async () => {
  const dir = await newRun();
  await add(dir, 'logs/run.log', numbered('only'));
  const controller = new AbortController();
  const items = followRecords(dir, { isLive: async () => true, signal: controller.signal, pollMs: 60_000 });
  await items.next();
  const pending = items.next();
  controller.abort();
  assert.equal((await pending).done, true);
});

test('lines of a process that writes to many files come in its order and none is missing, until it is killed', async () => {
  const dir = await newRun();
  const script = join(root, 'writer.ts');
  const store = new URL('../../src/store.ts', import.meta.url).href;
  await writeFile(
    script,
    `import { appendFileSync, mkdirSync } from 'node:fs';
     import { acquireLease } from ${JSON.stringify(store)};
     const dir = process.argv[2];
     await acquireLease(dir, { runId: 'r' });
     process.stdout.write('leased');
     for (let seq = 1; seq <= 3000; seq += 1) {
       const step = 'step_00' + (1 + Math.floor(seq / 400));
       const file = seq % 3 === 0 ? 'logs/run.log' : 'logs/' + step + (seq % 3 === 1 ? '/adapter.log' : '/metrics.log');
       mkdirSync(dir + '/logs/' + step, { recursive: true });
       appendFileSync(dir + '/' + file, JSON.stringify({ level: 'info', timestamp: new Date().toISOString(), message: String(seq), seq, writer: 'w' }) + '\\n');
     }
     appendFileSync(dir + '/logs/run.log', '{"level":"in');
     process.kill(process.pid, 'SIGKILL');`,
  );
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const messages: string[] = [];
  for await (const item of followRecords(dir))
    messages.push('record' in item ? item.record.message : `torn: ${item.damaged.torn}`);
  assert.deepEqual(messages, [...Array.from({ length: 3000 }, (_, index) => String(index + 1)), 'torn: true']);
});

const item = (writer: string, number: number): ReadItem => {
  const record = JSON.parse(line({ seq: number, writer })) as Extract<ReadItem, { record: unknown }>['record'];
  return { record, file: 'logs/run.log', line: 1 };
};
const numberOf = (found: ReadItem): number => ('record' in found ? (found.record.seq ?? 0) : 0);

describe('SeqOrder', () => {
  test('a line after a hole waits for the missing one, a lost one holds nothing for ever', () => {
    let now = 0;
    const order = new SeqOrder(() => now);
    assert.deepEqual(order.push(item('a', 1)).map(numberOf), [1]);
    assert.deepEqual(order.push(item('a', 3)).map(numberOf), []);
    assert.deepEqual(order.push(item('b', 7)).map(numberOf), []);
    assert.deepEqual(order.push(item('a', 2)).map(numberOf), [2, 7, 3]);
    assert.deepEqual(order.push(item('a', 9)).map(numberOf), []);
    assert.deepEqual(order.due().map(numberOf), []);
    now = 1000;
    assert.deepEqual(order.due().map(numberOf), [9]);
  });

  test('every line comes out once, each writer in order, however the lines were mixed', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: 30 }, (_, index) => index)), (found) => {
        const order = new SeqOrder(() => 0);
        const out = order.push(item('a', 0));
        for (const index of found) out.push(...order.push(item(index % 2 === 0 ? 'a' : 'b', Math.floor(index / 2) + 1)));
        out.push(...order.flush());
        assert.equal(out.length, found.length + 1);
        const ofA = out.filter((one) => 'record' in one && one.record.writer === 'a').map(numberOf);
        if (found.length === 30)
          assert.deepEqual(
            ofA,
            ofA.toSorted((x, y) => x - y),
          );
      }),
    );
  });
});
