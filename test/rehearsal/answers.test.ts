import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseAnswer } from '../../src/frameworks/baseline/answer-format.ts';
import { checkAfterStep, type Kept } from './student-service-checks.ts';
import { startService } from './started-service.ts';

const ANSWERS = join(import.meta.dirname, '../../config/rehearsal/answers');

function build(workspace: string, name: string): string[] {
  const { files, unfinished } = parseAnswer(readFileSync(join(ANSWERS, name), 'utf8'));
  assert.equal(unfinished, null);
  for (const { path, content, executable } of files) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
    chmodSync(join(workspace, path), executable ? 0o755 : 0o644);
  }
  return files.map(({ path }) => path);
}

test('the six scripted replies build a service that works after each step and keeps its data', async (t) => {
  const workspace = mkdtempSync(join(tmpdir(), 'stepwell-answers-'));
  t.after(() => rmSync(workspace, { recursive: true, force: true }));
  const names = readdirSync(ANSWERS)
    .filter((name) => name.endsWith('.txt'))
    .sort();
  assert.equal(names.length, 6);
  const kept: Kept = {};
  for (const [index, name] of names.entries()) {
    await t.test(name, async () => {
      const paths = build(workspace, name);
      assert.equal(new Set(paths).size, paths.length);
      assert.equal(paths.includes('start.sh'), index === 0, 'later answers build on the first');
      {
        await using service = await startService(workspace);
        await checkAfterStep(service, index + 1, kept);
      }
      await using again = await startService(workspace);
      const students = (await again.call('GET', '/students')).json;
      assert.deepEqual(
        students.map((student: { id: number }) => student.id),
        [kept.student],
        'a restart keeps the data',
      );
    });
  }
});
