import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createEscapeFilter } from '../../src/exec/escapes.ts';

function remove(...chunks: string[]): string {
  const remover = createEscapeFilter();
  return chunks.map((chunk) => remover.push(chunk)).join('') + remover.end();
}

test('colors, cursor movements, titles, links and short escape sequences are removed', () => {
  assert.equal(remove('\x1b[1;31mred\x1b[0m'), 'red');
  assert.equal(remove('\x1b[38:2::1:2:3mx\x1b[?25l\x1b[2K\x1b[10;5Hy'), 'xy');
  assert.equal(remove('\x1b]0;a title\x07text'), 'text');
  assert.equal(remove('\x1b]8;;https://example.org/\x1b\\link\x1b]8;;\x1b\\'), 'link');
  assert.equal(remove('\x1b(Bplain\x1b7\x1b8\x1b=\x1bM'), 'plain');
  assert.equal(remove('\x1bPq#0;2;0\x1b\\after'), 'after');
  assert.equal(remove('\x9b31mred\x9d0;title\x9c.'), 'red.');
});

test('tabs, other control characters and text that only resembles an escape sequence are kept', () => {
  assert.equal(remove('a\tb\0c\bd\x7f[31m'), 'a\tb\0c\bd\x7f[31m');
  assert.equal(remove('\x1b[31\nnext'), '\x1b[31\nnext');
  assert.equal(remove('\x1b]0;a title that never ends\nnext line'), '\x1b]0;a title that never ends\nnext line');
  assert.equal(remove('ends in \x1b'), 'ends in \x1b');
  assert.equal(remove('ends in \x1b[3'), 'ends in \x1b[3');
});

test('an escape sequence that never ends does not hold back the output', () => {
  const remover = createEscapeFilter();
  const first = remover.push('\x1b]0;');
  const rest = Array.from({ length: 100 }, () => remover.push('x'.repeat(100))).join('');
  assert.equal(first + rest, `\x1b]0;${'x'.repeat(10_000)}`);
});

test('the filtered text does not depend on how the input is split into chunks', () => {
  const piece = fc.constantFrom(
    '\x1b',
    '[',
    ']',
    '0',
    ';',
    '31',
    'm',
    '\x07',
    '\\',
    '\n',
    'text',
    '\x9b',
    '\x9c',
    ' ',
    'é',
    '(',
    'B',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const whole = remove(pieces.join(''));
      assert.equal(remove(...pieces), whole);
      assert.equal(remove(...Array.from(pieces.join(''))), whole);
    }),
    { numRuns: 2000 },
  );
});
