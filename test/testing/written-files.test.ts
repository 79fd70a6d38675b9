/** The watcher itself: a test that finds nothing must have been able to find something. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotAttach, cannotWatch, outsideOf, watchedHere, watching, writesIn } from '../../src/testing/index.ts';

/** What a shell script, started in `inside`, writes outside of it; paths are relative to the folder around both. */
function writesOf(t: { after(work: () => void): void }, script: string): string[] {
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'stepwell-writes-')));
  t.after(() => rmSync(around, { recursive: true, force: true }));
  for (const folder of ['inside/below', 'elsewhere']) mkdirSync(join(around, folder), { recursive: true });
  writeFileSync(join(around, 'elsewhere/there'), 'text');
  const log = join(around, 'calls.log');
  const [strace, ...options] = watching(log);
  execFileSync(strace!, [...options, 'sh', '-c', script], { cwd: join(around, 'inside') });
  return outsideOf(writesIn(log), [join(around, 'inside')]).map((write) => write.replace(`${around}/`, ''));
}

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['nothing', 'echo a > b; mkdir c; mv b c; rm -r c; cat ../elsewhere/there > below/copy; echo x > /dev/null', []],
  ['a file that is made, from a folder below', 'cd below; (cd ..; cd ..; : > made)', ['openat made']],
  [
    'a file that is appended to through a link',
    'ln -s ../../elsewhere below/link; echo b >> below/link/there',
    ['openat elsewhere/there'],
  ],
  ['a file that is cut', 'truncate -s 0 ../elsewhere/there', ['openat elsewhere/there']],
  ['a folder, then removed again', 'cd ../elsewhere && mkdir x && rmdir x', ['mkdir elsewhere/x', 'rmdir elsewhere/x']],
  ['a file that is moved out', ': > a; mv a "../else where"', ['renameat2 else where']],
  ['a file that is moved in', 'mv ../elsewhere/there .', ['renameat2 elsewhere/there']],
  ['a file that is removed, by another process', 'sh -c "sh -c \'rm ../elsewhere/there\'"', ['unlinkat elsewhere/there']],
  ['a link, and a second name', 'ln -s x ../l; : > a; ln a ../m', ['symlinkat l', 'linkat m']],
  ['attributes', 'chmod 600 ../elsewhere/there', ['fchmodat elsewhere/there']],
  ['a name with letters of its own', `: > "$(printf '../\\303\\251 \\042\\\\ >')"`, ['openat é "\\ >']],
];

for (const [what, script, expected] of CASES) {
  test(`strace shows what is written outside: ${what}`, { skip: cannotWatch() }, (t) => {
    assert.deepEqual(writesOf(t, script), expected);
  });
}

test('what a test itself writes is seen too, and a log without a call is an error', { skip: cannotAttach() }, async (t) => {
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'stepwell-writes-')));
  t.after(() => rmSync(around, { recursive: true, force: true }));
  const log = join(around, 'calls.log');
  writeFileSync(join(around, 'before'), '');
  await watchedHere(log, async () => writeFileSync(join(around, 'during'), ''));
  writeFileSync(join(around, 'after'), '');
  assert.deepEqual(outsideOf(writesIn(log), []), [`openat ${join(around, 'during')}`]);
  writeFileSync(log, '');
  assert.throws(() => writesIn(log), /holds no call/);
});
