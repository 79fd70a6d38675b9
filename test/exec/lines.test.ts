import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createOutputLineSplitter, type LinePart } from '../../src/exec/lines.ts';

function split(chunks: readonly string[], maxBytes?: number) {
  const lines: LinePart[] = [];
  const splitter = createOutputLineSplitter((line) => lines.push(line), maxBytes);
  chunks.forEach((chunk) => splitter.push(chunk));
  splitter.end();
  return { lines, count: splitter.count };
}

const texts = (chunks: readonly string[]) => split(chunks).lines.map((line) => line.text);

test('a line ends at \\n, \\r\\n or a bare \\r, even when \\r and \\n arrive in different chunks', () => {
  assert.deepEqual(texts(['a\nb\r\nc\rd']), ['a', 'b', 'c', 'd']);
  assert.deepEqual(texts(['a\r', '\nb']), ['a', 'b']);
  assert.deepEqual(texts(['a\r', '', '\nb']), ['a', 'b']);
  assert.deepEqual(texts(['a\r', 'b\n', '\n']), ['a', 'b', '']);
});

test('each state of a progress bar becomes its own line', () => {
  assert.deepEqual(texts(['10 %\r', '20 %\r100 %\n']), ['10 %', '20 %', '100 %']);
});

test('a last line without a newline is delivered, and empty output has no lines', () => {
  assert.deepEqual(texts(['a\nlast']), ['a', 'last']);
  assert.deepEqual(texts([]), []);
  assert.deepEqual(texts(['\n']), ['']);
});

test('a line at the size limit stays whole, and one byte more splits it into two parts', () => {
  assert.deepEqual(split(['x'.repeat(100), '\n'], 100).lines, [{ text: 'x'.repeat(100) }]);
  assert.deepEqual(split(['x'.repeat(101)], 100), {
    lines: [
      { text: 'x'.repeat(100), part: 1, lastPart: false },
      { text: 'x', part: 2, lastPart: true },
    ],
    count: 1,
  });
});

test('lines do not depend on how the text is split into chunks', () => {
  const pieces = fc.array(
    fc.oneof(fc.constantFrom('\n', '\r', '\r\n', '\0', '"', '😀', 'é', '漢'), fc.string({ unit: 'binary' })),
  );
  fc.assert(
    fc.property(pieces, fc.integer({ min: 8, max: 40 }), (chunks, maxBytes) => {
      const text = chunks.join('');
      assert.deepEqual(split(chunks, maxBytes), split([text], maxBytes));
      assert.deepEqual(split(Array.from(text), maxBytes), split([text], maxBytes));
    }),
    { numRuns: 50 },
  );
});

test('the parts of a line add up to it, each fits a record, and none splits a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.integer({ min: 8, max: 64 }), (raw, maxBytes) => {
      const line = raw.replaceAll(/[\r\n]/g, '\0');
      const { lines, count } = split([line, '\n'], maxBytes);
      assert.equal(count, 1);
      assert.equal(lines.map((part) => part.text).join(''), line);
      for (const { text } of lines) {
        assert.ok(Buffer.byteLength(JSON.stringify(text)) - 2 <= maxBytes, JSON.stringify(text));
        assert.ok(text.isWellFormed() || !line.isWellFormed());
      }
      if (lines.length > 1) {
        assert.deepEqual(
          lines.map(({ part, lastPart }) => [part, lastPart]),
          lines.map((_, index) => [index + 1, index === lines.length - 1]),
        );
      }
    }),
  );
});
