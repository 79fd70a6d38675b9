import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  followRecords,
  followRun,
  createRunSource,
  type FilePosition,
  type FollowedItem,
  type ReadItem,
} from '../../../src/store/index.ts';
import { ReorderBuffer } from '../../../src/store/read/reorder-buffer.ts';
import { createMemoryBytes } from '../memory-bytes.ts';
import { line } from '../source-contract.ts';

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
    test('existing records come first, then new ones with new step directories, until the run ends', async () => {
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

test('an abort signal ends following', async () => {
  const dir = await newRun();
  await add(dir, 'logs/run.log', numbered('only'));
  const controller = new AbortController();
  const items = followRecords(dir, { isLive: async () => true, signal: controller.signal, pollMs: 60_000 });
  await items.next();
  const pending = items.next();
  controller.abort();
  assert.equal((await pending).done, true);
});

test('lines of a process that writes many files arrive complete and in order until it is killed', async () => {
  const dir = await newRun();
  const script = join(root, 'writer.ts');
  const store = new URL('../../../src/store/index.ts', import.meta.url).href;
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

describe('where following begins', () => {
  const collect = async (dir: string, options: Parameters<typeof followRecords>[1]): Promise<FollowedItem[]> => {
    const items: FollowedItem[] = [];
    for await (const item of followRecords(dir, options)) items.push(item);
    return items;
  };

  test('from the end only new lines arrive, with their position, and a half-written line arrives whole', async () => {
    const dir = await newRun();
    let live = true;
    const whole = numbered('half there');
    await add(dir, 'logs/run.log', numbered('old') + numbered('old too') + whole.slice(0, 20));
    const begun = Promise.withResolvers<void>();
    const isLive = async (): Promise<boolean> => {
      begun.resolve();
      return live;
    };
    const items = followRecords(dir, { from: 'end', isLive, pollMs: 20, watch: false });
    const pending = items.next();
    await begun.promise;
    await add(dir, 'logs/step_001/adapter.log', numbered('new file'));
    assert.equal(shown((await pending).value as ReadItem), 'new file logs/step_001/adapter.log:1');
    await add(dir, 'logs/run.log', whole.slice(20));
    assert.equal(shown((await items.next()).value as ReadItem), 'half there logs/run.log:3');
    live = false;
    assert.equal((await items.next()).done, true);
  });

  test('following resumes at the position of an earlier follower, counting blank and damaged lines', async () => {
    const dir = await newRun();
    await add(dir, 'logs/run.log', `${numbered('one')}\n${numbered('two')}no JSON\n${numbered('three')}`);
    const all = await collect(dir, {});
    assert.deepEqual(all.map(shown), ['one logs/run.log:1', 'two logs/run.log:3', 'damaged 4 not JSON', 'three logs/run.log:5']);
    for (const [index, { next }] of all.entries()) {
      const rest = await collect(dir, { from: { 'logs/run.log': next } });
      assert.deepEqual(rest.map(shown), all.slice(index + 1).map(shown));
    }
    const start = await collect(dir, { from: { 'logs/run.log': { offset: 0, lines: 0 } } });
    assert.deepEqual(start, all);
  });

  test('a position inside a line, past the end or in a missing file is refused by file name', async () => {
    const dir = await newRun();
    await add(dir, 'logs/run.log', numbered('one'));
    for (const [file, offset, message] of [
      ['logs/run.log', 5, /Byte 5 of logs\/run\.log is not the start of a line .* has \d+ bytes/],
      ['logs/run.log', 2 ** 50, /logs\/run\.log/],
      ['logs/run.log', -1, /Byte -1 of/],
      ['logs/step_001/adapter.log', 5, /adapter\.log .* does not exist/],
    ] as const) {
      await assert.rejects(collect(dir, { from: { [file]: { offset, lines: 0 } } }), { code: 'FOLLOW_POSITION', message });
    }
  });

  test('a truncated file repeats nothing, and lines beyond the position arrive', async () => {
    const dir = await newRun();
    let live = true;
    const [one, two] = [numbered('one'), numbered('two')];
    await add(dir, 'logs/run.log', one + two);
    const items = followRecords(dir, { isLive: async () => live, pollMs: 20, watch: false });
    await items.next();
    await items.next();
    await truncate(join(dir, 'logs/run.log'), one.length);
    await add(dir, 'logs/step_001/adapter.log', numbered('meanwhile'));
    assert.equal(shown((await items.next()).value as ReadItem), 'meanwhile logs/step_001/adapter.log:1');
    await add(dir, 'logs/run.log', `${'x'.repeat(two.length - 1)}\n${numbered('after')}`);
    assert.equal(shown((await items.next()).value as ReadItem), 'after logs/run.log:3');
    live = false;
    assert.equal((await items.next()).done, true);
  });

  test('followers that stop and resume at any point miss no line and repeat none', async () => {
    const dir = await newRun();
    const files = ['logs/run.log', 'logs/step_001/adapter.log', 'logs/step_001/metrics.log'];
    let number = 0;
    const writeSome = async (lines: number): Promise<void> => {
      for (let count = 0; count < lines; count += 1) {
        number += 1;
        const text = line({ seq: number, writer: 'w', message: String(number) });
        await add(dir, files[(number * 7) % 3] ?? '', text);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 3, maxLength: 8 }), async (stops) => {
        await rm(join(dir, 'logs'), { recursive: true });
        number = 0;
        const from: Record<string, FilePosition> = {};
        const seen: number[] = [];
        for (const [round, stop] of [...stops, Infinity].entries()) {
          await writeSome(5);
          // Another half line lies there while this follower reads.
          const half = line({ seq: number + 1, writer: 'w', message: String(number + 1) });
          const file = files[((number + 1) * 7) % 3] ?? '';
          await add(dir, file, half.slice(0, 40));
          let left = stop;
          const isLive = async (): Promise<boolean> => left !== Infinity;
          for await (const item of followRecords(dir, { from, isLive: round < stops.length ? isLive : async () => false })) {
            if (!('record' in item)) continue;
            seen.push(Number(item.record.message));
            from[item.file] = item.next;
            left -= 1;
            if (left < 0 || seen.length === number) break;
          }
          await add(dir, file, half.slice(40));
          number += 1;
        }
        const rest: number[] = [];
        for await (const item of followRecords(dir, { from, isLive: async () => false }))
          if ('record' in item) rest.push(Number(item.record.message));
        assert.deepEqual(
          [...seen, ...rest],
          Array.from({ length: number }, (_, index) => index + 1),
        );
      }),
      { numRuns: 20 },
    );
  });
});

test('a remote run can be followed through its source alone', async () => {
  const files: Record<string, string> = { 'logs/run.log': numbered('first') };
  const source = createRunSource({
    kind: 'directory',
    location: 'store://1',
    files: async () => Object.entries(files).map(([path, text]) => ({ path, bytes: text.length })),
    open: async (path) => createMemoryBytes(Buffer.from(files[path] ?? ''), { maxReadBytes: 50 }),
    [Symbol.asyncDispose]: async () => {},
  });
  let rounds = 0;
  const run = {
    source,
    isLive: async () => rounds < 2,
    nextChange: async () => {
      rounds += 1;
      files[`logs/step_00${rounds}/adapter.log`] = numbered(`round ${rounds}`);
    },
  };
  const all: string[] = [];
  for await (const item of followRun(run)) all.push(shown(item));
  assert.deepEqual(all, ['first logs/run.log:1', 'round 1 logs/step_001/adapter.log:1', 'round 2 logs/step_002/adapter.log:1']);
});

const item = (writer: string, number: number): ReadItem => {
  const record = JSON.parse(line({ seq: number, writer })) as Extract<ReadItem, { record: unknown }>['record'];
  return { record, file: 'logs/run.log', line: 1 };
};
const numberOf = (found: ReadItem): number => ('record' in found ? (found.record.seq ?? 0) : 0);

describe('ReorderBuffer', () => {
  test('a line without a number stays after the line before it in its file', () => {
    const order = new ReorderBuffer(() => 0);
    const torn: ReadItem = { damaged: { file: 'logs/run.log', line: 2, bytes: 3, reason: 'cut off', torn: true } };
    const late = { ...item('a', 2), file: 'logs/step_001/adapter.log' } as ReadItem;
    order.push(item('a', 1));
    assert.deepEqual(order.push(item('a', 3)), []);
    assert.deepEqual(order.push(torn), []);
    assert.deepEqual(order.push(late).map(numberOf), [2, 3, 0]);
  });

  test('a line after a gap waits for the missing one, but only for a limited time', () => {
    let now = 0;
    const order = new ReorderBuffer(() => now);
    assert.deepEqual(order.push(item('a', 1)).map(numberOf), [1]);
    assert.deepEqual(order.push(item('a', 3)).map(numberOf), []);
    assert.deepEqual(order.push(item('b', 7)).map(numberOf), []);
    assert.deepEqual(order.push(item('a', 2)).map(numberOf), [2, 7, 3]);
    assert.deepEqual(order.push(item('a', 9)).map(numberOf), []);
    assert.deepEqual(order.expired().map(numberOf), []);
    now = 1000;
    assert.deepEqual(order.expired().map(numberOf), [9]);
  });

  test('every line is delivered once and each writer in order, however the lines were mixed', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: 30 }, (_, index) => index)), (found) => {
        const order = new ReorderBuffer(() => 0);
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
