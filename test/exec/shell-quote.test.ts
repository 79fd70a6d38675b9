import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellQuote } from '../../src/exec/index.ts';

test('a shell reads the quoted text as one word, whatever it contains', () => {
  const words = [
    'plain',
    '',
    ' ',
    "it's",
    "''",
    '"$HOME" `id` $(id)',
    'a\nb',
    '~',
    '*',
    '-n',
    'A=b',
    'naïve\u2028',
    '\\',
    '!x',
    '#',
  ];
  const script = words.map((word) => `printf '%s\\0' ${shellQuote(word)}`).join('\n');
  assert.deepEqual(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1), words);
  assert.equal(execFileSync('sh', ['-c', `${shellQuote('A=echo')} 2>/dev/null; printf %s "$?$A"`], { encoding: 'utf8' }), '127');
});

test('plain words are not quoted', () => {
  assert.equal(shellQuote('/opt/my-runs/a.b_c'), '/opt/my-runs/a.b_c');
  assert.equal(shellQuote('my runs'), "'my runs'");
});
