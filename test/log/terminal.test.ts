/** What a terminal shows of records without a run: readable lines, in a real pty. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const child = join(import.meta.dirname, 'child', 'terminal.ts');
const inPty = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
const skip = spawnSync('python3', ['-c', 'import pty']).status === 0 ? false : 'python3 with its pty module is not installed';

function shown(env: Record<string, string>): string {
  const { NO_COLOR: _, ...inherited } = process.env;
  const result = spawnSync('python3', ['-c', inPty, process.execPath, child], {
    encoding: 'utf8',
    env: { ...inherited, ...env },
    input: '',
  });
  assert.equal(result.status, 0, result.stdout + result.stderr);
  return result.stdout.replaceAll('\r\n', '\n');
}

describe('on a terminal', { skip }, () => {
  test('a record is a readable line in colour, an error has its stack, and a message cannot steer the terminal', () => {
    const [first = '', second = '', ...rest] = shown({}).replaceAll('\u001B', '<ESC>').replaceAll('\u0007', '<BEL>').split('\n');
    assert.match(first, /^\d\d:\d\d:\d\d\.\d{3} <ESC>\[33mWARN <ESC>\[0m adapter beware\uFFFD? of .*this \{"count":2\}$/);
    assert.doesNotMatch(first.slice(first.indexOf('adapter')), /<ESC>|<BEL>/);
    assert.match(second, /<ESC>\[31mERROR<ESC>\[0m adapter failed$/);
    assert.match(rest.join('\n'), /^Error: no answer\n +at /);
  });

  test('NO_COLOR takes the colour away', () => {
    const text = shown({ NO_COLOR: '1' });
    assert.match(text, /^\d\d:\d\d:\d\d\.\d{3} WARN {2}adapter beware/);
    assert.ok(!text.includes('\u001B'));
  });
});
