/** What stderr gets of records: mirrored ones of a run, and those that have no run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LogRecord } from '../../src/schema/index.ts';
import { runInTerminal, needsPty } from '../exec/terminal.ts';
import { assertHarmless, HOSTILE } from '../terminal/hostile.ts';

const child = (name: string): string => join(import.meta.dirname, 'child', name);
const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;

let logsDir: string;
before(() => (logsDir = mkdtempSync(join(tmpdir(), 'stepwell-mirror-'))));
after(() => rmSync(logsDir, { recursive: true, force: true }));

async function shown(args: string[], env: Record<string, string> = {}): Promise<string> {
  const text = await runInTerminal([], args, { env: { ...inherited, ...env } });
  assert.match(text, /exit 0\n$/);
  return text.replace(/exit 0\n$/, '');
}

describe('on a terminal', needsPty, () => {
  test('a record is a readable line in color, an error has its stack, and a message cannot steer the terminal', async () => {
    const text = (await shown([child('terminal.ts')])).replaceAll('\u001B', '<ESC>').replaceAll('\u0007', '<BEL>');
    const [first = '', second = '', third = '', fourth = '', ...rest] = text.replaceAll(/<ESC>\[2m|<ESC>\[22m/g, '').split('\n');
    assert.match(
      first,
      /^\d\d:\d\d:\d\d\.\d{3} <ESC>\[33mWARN <ESC>\[39m   - <ESC>\[36madapter     <ESC>\[39m be\\x1b\[31mware\\x07 of .*this$/,
    );
    assert.doesNotMatch(first.slice(first.indexOf(' be')), /<ESC>|<BEL>/);
    assert.equal(second, '    {"count":2}');
    assert.match(third, /<ESC>\[31mERROR<ESC>\[39m   - <ESC>\[36madapter     <ESC>\[39m failed$/);
    assert.equal(fourth, '    Error: no answer');
    assert.match(rest.join('\n'), /^ {8}at /);
  });

  test('NO_COLOR disables colors', async () => {
    const text = await shown([child('terminal.ts')], { NO_COLOR: '1' });
    assert.match(text, /^\d\d:\d\d:\d\d\.\d{3} WARN {4}- adapter {6}be\\x1b\[31mware/);
    assert.ok(!text.includes('\u001B'));
  });

  test('no text in a record can steer the terminal or forge another record', async () => {
    const text = await shown([child('mirror.ts'), logsDir], { NO_COLOR: '1' });
    assertHarmless(text, 'mirror');
    const records = text.split('\n').filter((line) => /^\d\d:\d\d:/.test(line));
    assert.equal(records.length, 4 * Object.keys(HOSTILE).length);
  });
});

test('without a terminal each record is one line of harmless JSON with the content of the file', () => {
  const dir = join(logsDir, 'json');
  const { status, stderr } = spawnSync(process.execPath, [child('mirror.ts'), dir], { encoding: 'utf8', env: inherited });
  assert.equal(status, 0, stderr);
  assertHarmless(stderr, 'mirror as JSON');
  const mirrored = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogRecord);
  assert.equal(mirrored.length, 4 * Object.keys(HOSTILE).length);
  const file = readFileSync(join(dir, 'run.log'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    mirrored.slice(0, mirrored.length / 2),
    file.map((line) => JSON.parse(line) as LogRecord),
  );
});
