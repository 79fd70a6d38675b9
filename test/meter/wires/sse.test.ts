import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EventSplitter } from '../../../src/meter/wires/sse.ts';

function split(chunks: readonly Buffer[]): { events: string[]; rest: string } {
  const splitter = new EventSplitter();
  const events = chunks.flatMap((chunk) => splitter.push(chunk)).map((event) => event.toString('latin1'));
  return { events, rest: splitter.end().toString('latin1') };
}

test('an event ends after its blank line, for any line ending', () => {
  for (const end of ['\n', '\r\n']) {
    const events = [`data: a${end}data: b${end}${end}`, `: note${end}${end}`, `data: c${end}${end}`];
    assert.deepEqual(split([Buffer.from(events.join('') + 'data: d')]), { events, rest: 'data: d' });
  }
  assert.deepEqual(split([Buffer.from('data: a\r\rdata: b\r\rx')]), { events: ['data: a\r\r', 'data: b\r\r'], rest: 'x' });
});

test('an event that ends in CRLF is complete with its last byte', () => {
  const splitter = new EventSplitter();
  assert.equal(splitter.push(Buffer.from('data: a\r\n\r')).length, 0);
  assert.equal(splitter.push(Buffer.from('\n')).length, 1);
});

test('an endless event is not buffered forever', () => {
  const splitter = new EventSplitter();
  const piece = Buffer.alloc(1024 * 1024, 'a');
  let passed = 0;
  for (let sent = 0; sent < 40; sent += 1) passed += Buffer.concat(splitter.push(piece)).length;
  assert.equal(passed, 33 * piece.length);
  const [end] = splitter.push(Buffer.from('\n\ndata: b\n\n'));
  assert.equal(end?.length, 7 * piece.length + 2);
  assert.equal(splitter.end().length, 0);
});

test('property: splitting keeps every byte, and chunk boundaries do not matter', () => {
  const bytes = fc.array(fc.constantFrom('a', ':', ' ', '\n', '\r', '\r\n', '\n\n', '\r\n\r\n', 'é', '🎓'), { maxLength: 40 });
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(8), { maxLength: 40 }), (parts, sizes) => {
      const whole = Buffer.from(parts.join(''));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(whole.subarray(at, at + size));
        at += size;
      }
      chunks.push(whole.subarray(at));
      const cut = split(chunks);
      assert.equal(cut.events.join('') + cut.rest, whole.toString('latin1'));
      assert.deepEqual(cut, split([whole]));
    }),
  );
});
