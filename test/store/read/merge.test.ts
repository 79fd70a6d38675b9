import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { logFilesOf, openRunDirectory, readRecords, type RunSource } from '../../../src/store/index.ts';
import { line, writeFiles } from '../source-contract.ts';

/** A source of files in memory that counts the streams open at once. */
function sourceOf(files: Record<string, string>): RunSource & { openNow: number; mostOpen: number } {
  const source = {
    kind: 'directory' as const,
    location: 'memory',
    openNow: 0,
    open: async () => null,
    mostOpen: 0,
    files: async () => Object.entries(files).map(([path, text]) => ({ path, bytes: text.length })),
    read: async (path: string) => Buffer.from(files[path] ?? ''),
    async *stream(path: string) {
      source.openNow += 1;
      source.mostOpen = Math.max(source.mostOpen, source.openNow);
      try {
        // Cut at an odd place, so that lines cross pieces.
        const data = Buffer.from(files[path] ?? '');
        for (let at = 0; at < data.length; at += 301) yield data.subarray(at, at + 301);
      } finally {
        source.openNow -= 1;
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return source;
}

async function messages(source: RunSource): Promise<string[]> {
  const all: string[] = [];
  for await (const item of readRecords(source))
    all.push('record' in item ? item.record.message : `damaged ${item.damaged.file}:${item.damaged.line}`);
  return all;
}

const at = (ms: number): string => new Date(Date.UTC(2026, 10, 22) + ms).toISOString();

test('lines of one writer are ordered by seq, even within one millisecond', async () => {
  const source = sourceOf({
    'logs/run.log': line({ seq: 1, writer: 'w', message: '1' }) + line({ seq: 4, writer: 'w', message: '4' }),
    'logs/step_001/adapter.log': line({ seq: 2, writer: 'w', message: '2' }) + line({ seq: 5, writer: 'w', message: '5' }),
    'logs/step_001/metrics.log': line({ seq: 3, writer: 'w', message: '3' }),
  });
  assert.deepEqual(await messages(source), ['1', '2', '3', '4', '5']);
});

test('two writers within one millisecond are each ordered by seq, however spread over files', async () => {
  const place = fc.constantFrom(
    'logs/run.log',
    'logs/step_001/adapter.log',
    'logs/step_001/metrics.log',
    'logs/step_002/adapter.log',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ place, writer: fc.constantFrom('a', 'b') }), { maxLength: 14 }), async (lines) => {
      const files: Record<string, string> = {};
      const numbers = new Map<string, number>();
      for (const one of lines.toSorted((x, y) => (x.writer < y.writer ? -1 : x.writer > y.writer ? 1 : 0))) {
        const seq = (numbers.get(one.writer) ?? 0) + 1;
        numbers.set(one.writer, seq);
        files[one.place] =
          (files[one.place] ?? '') + line({ seq, writer: one.writer, timestamp: at(0), message: `${one.writer}${seq}` });
      }
      const found = await messages(sourceOf(files));
      for (const [writer, count] of numbers) {
        const wanted = Array.from({ length: count }, (_, index) => `${writer}${index + 1}`);
        assert.deepEqual(
          found.filter((message) => message.startsWith(writer)),
          wanted,
        );
      }
    }),
  );
});

test('lines of two writers are ordered by time', async () => {
  const source = sourceOf({
    'logs/run.log':
      line({ seq: 1, writer: 'a', timestamp: at(0), message: 'a1' }) +
      line({ seq: 1, writer: 'b', timestamp: at(50), message: 'b1' }),
    'logs/step_001/adapter.log':
      line({ seq: 2, writer: 'a', timestamp: at(10), message: 'a2' }) +
      line({ seq: 2, writer: 'b', timestamp: at(60), message: 'b2' }),
  });
  assert.deepEqual(await messages(source), ['a1', 'a2', 'b1', 'b2']);
});

test('a late line is ordered by its time, not by its step', async () => {
  const source = sourceOf({
    'logs/step_001/adapter.log':
      line({ seq: 1, writer: 'w', timestamp: at(0), message: 'one' }) +
      line({ seq: 3, writer: 'w', timestamp: at(30), late: true, message: 'late' }),
    'logs/step_002/adapter.log':
      line({ seq: 2, writer: 'w', timestamp: at(20), message: 'two' }) +
      line({ seq: 4, writer: 'w', timestamp: at(40), message: 'end' }),
  });
  assert.deepEqual(await messages(source), ['one', 'two', 'late', 'end']);
});

test('a clock that went back does not reorder a file', async () => {
  const source = sourceOf({
    'logs/run.log':
      line({ seq: 1, writer: 'a', timestamp: at(100), message: 'before' }) +
      line({ seq: 1, writer: 'b', timestamp: at(5), message: 'recovered elsewhere' }),
    'logs/step_001/adapter.log': line({ seq: 2, writer: 'a', timestamp: at(110), message: 'step' }),
  });
  assert.deepEqual(await messages(source), ['before', 'recovered elsewhere', 'step']);
});

const old = (timestamp: string, message: string): string =>
  `${JSON.stringify({ timestamp, level: 'INFO', module: 'm', message })}\n`;

test('lines without seq are ordered by time, then run.log first, then steps by number', async () => {
  const source = sourceOf({
    'logs/step_010/adapter.log': old('2025-10-20T14:00:00.000002Z', 'step 10'),
    'logs/step_002/adapter.log': old('2025-10-20T14:00:00.000001Z', 'step 2'),
    'logs/run.log': old('2025-10-20T14:00:00.000009Z', 'run') + old('2025-10-20T14:00:01Z', 'end'),
  });
  assert.deepEqual(await messages(source), ['run', 'step 2', 'step 10', 'end']);
});

test('a damaged line follows the line before it, and comes first at the start of a file', async () => {
  const source = sourceOf({
    'logs/run.log':
      line({ seq: 1, writer: 'w', timestamp: at(0), message: '1' }) +
      'broken\n' +
      line({ seq: 4, writer: 'w', timestamp: at(9), message: '4' }),
    'logs/step_001/adapter.log': `broken\n${line({ seq: 2, writer: 'w', timestamp: at(1), message: '2' })}`,
    'logs/step_002/adapter.log': line({ seq: 3, writer: 'w', timestamp: at(2), message: '3' }) + '{"lev',
  });
  assert.deepEqual(await messages(source), [
    'damaged logs/step_001/adapter.log:1',
    '1',
    'damaged logs/run.log:2',
    '2',
    '3',
    'damaged logs/step_002/adapter.log:2',
    '4',
  ]);
});

test('no line is lost and each writer is in order, however spread over files', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ file: fc.nat(6), gap: fc.nat(2), extra: fc.nat(400) }), { maxLength: 60 }),
      async (lines) => {
        const files: Record<string, string> = {};
        let time = 0;
        for (const [index, entry] of lines.entries()) {
          time += entry.gap;
          const path = `logs/step_00${entry.file}/adapter.log`;
          files[path] =
            (files[path] ?? '') +
            line({
              seq: index + 1,
              writer: 'w',
              timestamp: at(time),
              message: String(index),
              metadata: { x: 'x'.repeat(entry.extra) },
            });
        }
        assert.deepEqual(
          await messages(sourceOf(files)),
          lines.map((_, index) => String(index)),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('a run of 300 steps keeps only the files of the current step open', async () => {
  const files: Record<string, string> = { 'logs/run.log': line({ seq: 1, writer: 'w', timestamp: at(0), message: '0' }) };
  let seq = 1;
  for (let step = 1; step <= 300; step += 1) {
    for (const component of ['orchestrator', 'adapter', 'metrics', 'validator']) {
      let text = '';
      for (let part = 0; part < 2; part += 1) {
        seq += 1;
        text += line({ seq, writer: 'w', timestamp: at(seq), message: String(seq) });
      }
      files[`logs/step_${String(step).padStart(3, '0')}/${component}.log`] = text;
    }
  }
  files['logs/run.log'] += line({ seq: seq + 1, writer: 'w', timestamp: at(seq + 1), message: 'end' });
  const source = sourceOf(files);
  assert.equal((await messages(source)).length, seq + 1);
  assert.ok(source.mostOpen <= 3, `${source.mostOpen} files were open at once`);
  assert.equal(source.openNow, 0);
});

test('leaving early closes every file', async () => {
  const source = sourceOf({
    'logs/run.log': line({ seq: 1, writer: 'w' }).repeat(50),
    'logs/step_001/adapter.log': line({ seq: 1, writer: 'w' }).repeat(50),
  });
  for await (const item of readRecords(source)) {
    assert.ok('record' in item);
    break;
  }
  assert.equal(source.openNow, 0);
});

test('logFilesOf names the log files in reading order, on a real directory', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stepwell-merge-'));
  try {
    await writeFiles(dir, {
      'logs/reconciliation.log': '',
      'logs/step_1000/adapter.log': '',
      'logs/step_002/validator.log': '',
      'logs/step_002/own.log': '',
      'logs/step_002/orchestrator.log': '',
      'logs/notes.txt': '',
      'logs/run.log': '',
    });
    await using source = await openRunDirectory(dir);
    assert.deepEqual(await logFilesOf(source), [
      'logs/run.log',
      'logs/step_002/orchestrator.log',
      'logs/step_002/validator.log',
      'logs/step_002/own.log',
      'logs/step_1000/adapter.log',
      'logs/reconciliation.log',
    ]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
