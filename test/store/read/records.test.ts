import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { openRunDirectory, parseRecord, readLogFile, type ReadItem } from '../../../src/store/index.ts';
import { LineSplitter } from '../../../src/store/read/lines.ts';
import { LogRecord } from '../../../src/schema/index.ts';
import { line, writeFiles } from '../source-contract.ts';

async function itemsOf(data: string | Buffer, file = 'logs/step_003/adapter.log'): Promise<ReadItem[]> {
  const dir = await mkdtemp(join(tmpdir(), 'stepwell-read-'));
  try {
    await writeFiles(dir, { [file]: data });
    await using source = await openRunDirectory(dir);
    const items: ReadItem[] = [];
    for await (const item of readLogFile(source, file)) items.push(item);
    return items;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe('parseRecord', () => {
  test('returns every field that the strict schema allows', () => {
    const full: LogRecord = {
      level: 'warn',
      timestamp: '2026-11-22T14:15:03.123Z',
      module: 'm',
      component: 'adapter',
      run_id: 'r',
      framework: 'f',
      step: 3,
      event: 'e',
      message: '',
      metadata: { a: { b: [1, null] } },
      attempt: 2,
      seq: 7,
      writer: 'abc123',
      error: { type: 'E', message: 'm', stack: 's', code: 5, cause: { type: 'C', message: 'c', code: 'X' } },
      late: true,
      truncated: 12,
      trace_id: 't',
      span_id: 's',
    };
    assert.deepEqual(parseRecord(JSON.stringify(full)), { ok: true, record: full });
    assert.deepEqual(LogRecord.parse(full), full);
  });

  test('reads lines of the original system: Python levels, microseconds, missing fields', () => {
    const original = '{"timestamp": "2025-10-20T14:23:45.123456Z", "level": "WARNING", "module": "runner", "message": "slow"}';
    const parsed = parseRecord(original, { component: 'orchestrator', step: 2 });
    assert.deepEqual(parsed, {
      ok: true,
      record: {
        level: 'warn',
        timestamp: '2025-10-20T14:23:45.123456Z',
        module: 'runner',
        component: 'orchestrator',
        run_id: null,
        framework: null,
        step: 2,
        event: 'log',
        message: 'slow',
        metadata: {},
      },
    });
    const critical = parseRecord(original.replace('WARNING', 'CRITICAL'));
    assert.equal(critical.ok && critical.record.level, 'fatal');
  });

  for (const [text, reason] of [
    ['{"level":"in', /^not JSON$/],
    ['\0\0\0\0', /NUL/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"level":"loud","timestamp":"2026-01-01T00:00:00Z","message":""}', /unknown level "loud"/],
    ['{"level":"__proto__","timestamp":"2026-01-01T00:00:00Z","message":""}', /unknown level/],
    ['{"timestamp":"2026-01-01T00:00:00Z","message":""}', /unknown level absent/],
    ['{"level":"info","timestamp":"yesterday","message":""}', /no valid time: "yesterday"/],
    ['{"level":"info","timestamp":"2026-01-01T00:00:00Z"}', /no message: absent/],
  ] as const) {
    test(`explains what is wrong with ${JSON.stringify(text)}`, () => {
      const parsed = parseRecord(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.reason, reason);
    });
  }

  test('never throws, and every accepted record fits the strict schema', () => {
    const odd = fc.record(
      {
        level: fc.oneof(fc.constantFrom('INFO', 'error', 'Critical'), fc.jsonValue()),
        timestamp: fc.oneof(fc.constant('2026-11-22T14:15:03.123Z'), fc.jsonValue()),
        message: fc.oneof(fc.string(), fc.jsonValue()),
        step: fc.jsonValue(),
        metadata: fc.jsonValue(),
        error: fc.jsonValue(),
        seq: fc.jsonValue(),
        late: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          odd.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const parsed = parseRecord(text);
          if (parsed.ok) LogRecord.parse(parsed.record);
        },
      ),
    );
  });

  test('endlessly nested errors are truncated', () => {
    const depth = 50_000;
    const error = `${'{"type":"E","message":"","cause":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    const parsed = parseRecord(`{"level":"info","timestamp":"2026-01-01T00:00:00Z","message":"","error":${error}}`);
    assert.ok(parsed.ok);
  });
});

describe('readLogFile', () => {
  test('reports damaged and torn lines and continues', async () => {
    const good = line({ message: 'one', step: 3 });
    const items = await itemsOf(`${good}{"level":"info","mess\n\n${good}{"level":"in`);
    assert.deepEqual(
      items.map((item) => ('record' in item ? [item.line, item.record.message] : item.damaged)),
      [
        [1, 'one'],
        { file: 'logs/step_003/adapter.log', line: 2, bytes: 21, reason: 'not JSON', torn: false },
        [4, 'one'],
        { file: 'logs/step_003/adapter.log', line: 5, bytes: 12, reason: 'cut off: the file ends within the line', torn: true },
      ],
    );
  });

  test('a complete last line without a newline is a record', async () => {
    const items = await itemsOf(line({ message: 'last' }).trimEnd());
    assert.equal(items.length, 1);
    assert.ok(items[0] !== undefined && 'record' in items[0]);
  });

  test('takes component and step from the file when the line has none', async () => {
    const items = await itemsOf('{"timestamp":"2025-10-20T14:23:45Z","level":"INFO","module":"m","message":"x"}\n');
    const [first] = items;
    assert.ok(first !== undefined && 'record' in first);
    assert.equal(first.record.component, 'adapter');
    assert.equal(first.record.step, 3);
  });

  test('a line of 20 MB is reported as damaged with its size, and reading continues', async () => {
    const items = await itemsOf(Buffer.concat([Buffer.alloc(20_000_000, 'x'), Buffer.from(`\n${line({ message: 'after' })}`)]));
    assert.deepEqual(
      items.map((item) => ('record' in item ? item.record.message : [item.damaged.bytes, item.damaged.reason])),
      [[20_000_000, 'longer than any record'], 'after'],
    );
  });
});

test('LineSplitter returns the same lines however the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\n', '"') })), fc.array(fc.nat(9)), (parts, cuts) => {
      const whole = Buffer.from(parts.join(''));
      const splitter = new LineSplitter(8);
      const lines = [];
      let at = 0;
      for (const cut of [...cuts, whole.length]) {
        lines.push(...splitter.push(whole.subarray(at, at + cut)));
        at = Math.min(at + cut, whole.length);
      }
      const end = splitter.end();
      if (end !== null) lines.push(end);
      const expected = whole.toString().split('\n');
      if (expected.at(-1) === '') expected.pop();
      assert.deepEqual(
        lines.map((found) => [found.number, found.bytes, found.text]),
        expected.map((text, index) => [index + 1, Buffer.byteLength(text), Buffer.byteLength(text) > 8 ? null : text]),
      );
    }),
  );
});
