/** A record as a line of JSON: the same as JSON.stringify where that can do it, a valid line where it cannot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LineWriter, MAX_RECORD_BYTES, type LineTemplate } from '../../src/log/line.ts';
import { Clock, lineTail, lineTemplate, setTimestamp } from '../../src/log/template.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import { LogRecord } from '../../src/schema/index.ts';

const none = createRedactor({ values: [] });
const writer = new LineWriter(none);
const clock = new Clock(() => Date.UTC(2026, 10, 22, 14, 15, 3, 7));

function headFor(event: string, redactor = none): LineTemplate {
  const head = lineTemplate(1, { module: 'm"x', component: 'adapter', runId: 'r', framework: 'f', step: 3 }, event, redactor);
  setTimestamp(head, clock.read(), clock);
  return head;
}

function lineOf(content: { event?: string; message?: string; metadata?: unknown; error?: unknown }, late = false): string {
  const { event = 'log', message = '', metadata, error } = content;
  const length = writer.write(headFor(event), lineTail(2, 'abc123'), 17, late, none, message, metadata, error);
  const line = writer.bytes.toString('utf8', 0, length);
  assert.ok(Buffer.byteLength(line) <= MAX_RECORD_BYTES);
  assert.equal(line.indexOf('\n'), line.length - 1);
  return line.slice(0, -1);
}

const parsed = (content: Parameters<typeof lineOf>[0]): LogRecord => LogRecord.parse(JSON.parse(lineOf(content)));

test('a line equals JSON.stringify byte for byte for any message, event and JSON metadata', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ maxLength: 120 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 100 }),
  );
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(0, -0, 1e21, 1e-7, 999_999_999_999_999, 1e15, Number.MAX_SAFE_INTEGER, NaN),
  );
  const leaf = fc.oneof(text, number, fc.boolean(), fc.constantFrom(null, undefined), fc.date());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(text, tie('value'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(text, text, fc.dictionary(text, value, { maxKeys: 8 }), (event, message, metadata) => {
      const expected = JSON.stringify({
        level: 'info',
        timestamp: '2026-11-22T14:15:03.007Z',
        module: 'm"x',
        component: 'adapter',
        run_id: 'r',
        framework: 'f',
        step: 3,
        event,
        message,
        metadata,
        attempt: 2,
        seq: 17,
        writer: 'abc123',
      });
      assert.equal(lineOf({ event, message, metadata }), expected);
    }),
    { numRuns: 1000 },
  );
});

test('values without a JSON form still produce a valid line', () => {
  const circle: Record<string, unknown> = { name: 'a' };
  circle['self'] = circle;
  const list: unknown[] = [1];
  list.push(list);
  const throwing = {
    fine: 1,
    get bad(): never {
      throw new Error('no');
    },
  };
  const deep = JSON.parse(`${'['.repeat(5000)}1${']'.repeat(5000)}`) as unknown;
  const wide = Array.from({ length: 30 }).reduce<unknown>((inner) => [inner, inner], 'x');
  const { metadata } = parsed({
    metadata: {
      circle,
      list,
      throwing,
      deep,
      big: 2n ** 70n,
      map: new Map<unknown, unknown>([
        ['a', 1],
        [{ b: 2 }, 3],
      ]),
      set: new Set([1, 'two']),
      bytes: Buffer.from('bytes'),
      view: new Uint16Array([1]),
      date: new Date(0),
      invalid: new Date(Number.NaN),
      error: Object.assign(new TypeError('bad'), { code: 'E_BAD' }),
      json: { toJSON: () => ({ seen: true }) },
      angry: {
        toJSON() {
          throw new Error('never');
        },
      },
      nan: Number.NaN,
      lone: '\uD800',
      fn: () => 1,
      symbol: Symbol('s'),
      nothing: undefined,
      proxy: new Proxy({}, { ownKeys: () => assert.fail('trap') }),
      boxed: Object('text'),
      none: Object.create(null) as unknown,
    },
  });
  assert.deepEqual(metadata['circle'], { name: 'a', self: '[circular]' });
  assert.deepEqual(metadata['list'], [1, '[circular]']);
  assert.deepEqual(metadata['throwing'], { fine: 1, bad: '[threw: no]' });
  assert.equal(metadata['big'], String(2n ** 70n));
  assert.deepEqual(metadata['map'], { a: 1, '{"b":2}': 3 });
  assert.deepEqual(metadata['set'], [1, 'two']);
  assert.equal(metadata['bytes'], Buffer.from('bytes').toString('base64'));
  assert.equal(metadata['date'], '1970-01-01T00:00:00.000Z');
  assert.equal(metadata['invalid'], null);
  const error = metadata['error'] as Record<string, unknown>;
  assert.deepEqual([error['type'], error['message'], error['code']], ['TypeError', 'bad', 'E_BAD']);
  assert.deepEqual(metadata['json'], { seen: true });
  assert.equal(metadata['angry'], '[threw: never]');
  assert.deepEqual([metadata['nan'], metadata['lone'], metadata['boxed']], [null, '\uD800', 'text']);
  assert.match(String(metadata['proxy']), /threw: trap/);
  for (const gone of ['fn', 'symbol', 'nothing']) assert.equal(gone in metadata, false);
  assert.ok(JSON.stringify(parsed({ metadata: { wide } })).length < MAX_RECORD_BYTES);
});

test('metadata that is not a plain object becomes one', () => {
  assert.deepEqual(parsed({ metadata: [1, 2] }).metadata, { value: [1, 2] });
  assert.deepEqual(parsed({ metadata: 'text' }).metadata, { value: 'text' });
  assert.deepEqual(parsed({ metadata: null }).metadata, {});
  assert.deepEqual(parsed({ metadata: new Map([['a', 1]]) }).metadata, { a: 1 });
  class Point {
    x = 1;
  }
  assert.deepEqual(parsed({ metadata: new Point() }).metadata, { x: 1 });
});

test('a thrown value of any kind is recorded with type, message, stack, cause and code', () => {
  const cause = new RangeError('inner');
  const error = Object.assign(new TypeError('outer', { cause }), { code: 'E_OUTER' });
  const recorded = parsed({ error }).error;
  assert.deepEqual([recorded?.type, recorded?.message, recorded?.code], ['TypeError', 'outer', 'E_OUTER']);
  assert.match(recorded?.stack ?? '', /line\.test\.ts/);
  assert.deepEqual([recorded?.cause?.type, recorded?.cause?.message], ['RangeError', 'inner']);
  const circle = new Error('round');
  circle.cause = circle;
  const hostile = new Proxy(new Error('x'), { get: () => assert.fail('trap') });
  for (const thrown of ['text', 5, null, Symbol('s'), {}, () => 1, circle, hostile, 10n, Object.create(null)]) {
    assert.equal(typeof parsed({ error: thrown }).error?.message, 'string');
  }
  assert.equal(parsed({ error: 'text' }).error?.message, 'text');
});

test('a record above 256 KiB is truncated and states by how many bytes', () => {
  const long = 'ä"\u0000'.repeat(200_000);
  const cases = [
    { message: long },
    { metadata: { long } },
    { message: long, metadata: { long, list: Array.from({ length: 100_000 }, (_, index) => index), kept: 'short' } },
    { metadata: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`name ${index}`, index])) },
    { error: new Error(long), message: 'short' },
    { message: 'x'.repeat(5_000_000) },
    { event: 'e'.repeat(300_000) },
    { metadata: { ['k'.repeat(300_000)]: 1 } },
  ];
  for (const content of cases) {
    const record = parsed(content);
    assert.ok((record.truncated ?? 0) > 10_000 || 'event' in content, JSON.stringify(content).slice(0, 80));
    if (content.message !== undefined) assert.ok(content.message.startsWith(record.message));
  }
  const both = parsed(cases[2] as { message: string });
  assert.equal(both.metadata['kept'], 'short');
  assert.equal(parsed({ message: 'x'.repeat(200_000) }).truncated, undefined);
  const cut = parsed({ message: 'x'.repeat(400_000) });
  assert.equal(cut.message.length + (cut.truncated ?? 0), 400_000);
  assert.ok(cut.message.length > MAX_RECORD_BYTES - 2000);
});

test('oversized values are truncated before they are serialized', () => {
  const list = parsed({ metadata: { list: Object.assign([], { length: 100_000_000 }) } });
  assert.ok(list.truncated !== undefined);
  const bytes = parsed({ metadata: { bytes: Buffer.alloc(50_000_000) } });
  assert.ok(bytes.truncated !== undefined);
  assert.equal(parsed({ event: 'e'.repeat(50_000_000) }).event.length, 256);
});

test('a character that JSON escapes is escaped at any position in a text of any length', () => {
  for (const char of ['"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'é', '\ud800', '😀']) {
    for (const length of [1, 2, 23, 24, 25, 26, 100, 1023, 1024, 1025, 5000]) {
      for (const at of [0, length >> 1, length - 1]) {
        const message = 'x'.repeat(at) + char + 'x'.repeat(length - at - 1);
        assert.ok(
          lineOf({ message }).includes(`"message":${JSON.stringify(message)},"metadata"`),
          `${JSON.stringify(char)} at ${at} of ${length}`,
        );
      }
    }
  }
});

test('the field late comes after the error', () => {
  assert.match(lineOf({ error: 'x' }, true), /"error":\{[^}]*\},"late":true\}$/);
});

test('secrets in event, message, keys, values, errors and numbers are replaced', () => {
  const secret = '8675309-abcdef';
  const redactor = createRedactor({ values: [secret, '1234567890'] });
  const metadata = { [secret]: `x${secret}y`, nested: [{ deep: secret }], pin: 1234567890, other: 42, big: 1234567890n };
  const error = new Error(`failed with ${secret}`);
  const length = writer.write(headFor(secret, redactor), null, 0, false, redactor, `a ${secret}`, metadata, error);
  const line = writer.bytes.toString('utf8', 0, length);
  assert.ok(!line.includes(secret) && !line.includes('1234567890'), line);
  assert.equal((JSON.parse(line) as LogRecord).metadata['other'], 42);
  assert.ok(redactor.count >= 7);
});

test('truncating a long text does not expose the beginning of a secret', () => {
  const secret = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const redactor = createRedactor({ values: [secret] });
  for (let at = 0; at <= secret.length; at += 5) {
    const message = `${secret} `.repeat(40_000).slice(at);
    const length = writer.write(headFor('e'), null, 0, false, redactor, message, {}, undefined);
    const record = JSON.parse(writer.bytes.toString('utf8', 0, length)) as LogRecord;
    assert.ok(!record.message.slice(40).includes('abcdefgh'));
  }
});
