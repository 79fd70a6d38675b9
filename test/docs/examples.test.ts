/** The programs of examples/ do what their first lines say, in a clone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cloneCheckout, type Clone } from './clone.ts';

let clone: Clone;
before(() => {
  clone = cloneCheckout();
});
after(() => clone[Symbol.dispose]());

function run(command: string): string {
  const result = spawnSync('sh', ['-ec', command], { cwd: clone.dir, env: clone.env, encoding: 'utf8', timeout: 120_000 });
  assert.equal(result.status, 0, `${command}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** The command that stands in the comment at the top of an example. */
function commandOf(file: string): string {
  const line = readFileSync(join(clone.dir, file), 'utf8').match(/^(?:#|\/\/) {3}(\S.*)$/m);
  assert.ok(line, `${file} names no command`);
  return line[1]!;
}

test('examples/command-framework: a program of your own runs as a framework', () => {
  run(commandOf('examples/command-framework/experiment.yaml'));
  const [runDir] = globSync('runs/scribe/*', { cwd: clone.dir });
  assert.ok(runDir);
  const printed = readFileSync(join(clone.dir, runDir, 'logs/step_002/adapter.log'), 'utf8');
  assert.match(printed, /"2 notes, 13 words, style plain"/);
  assert.match(run('npx stepwell verify latest'), /^verified/);
});

test('examples/logging: two runs at once keep apart', () => {
  run(commandOf('examples/logging/two-runs.mjs'));
  for (const runId of ['first', 'second']) {
    for (const step of [1, 2, 3]) {
      const lines = readFileSync(join(clone.dir, `runs/mine/${runId}/logs/step_00${step}/adapter.log`), 'utf8')
        .trim()
        .split('\n');
      const records = lines.map((text) => JSON.parse(text) as Record<string, unknown>);
      assert.deepEqual(
        records.map(({ run_id, step: of, event }) => [run_id, of, event]),
        [
          [runId, step, 'work_began'],
          [runId, step, 'work_ended'],
        ],
      );
    }
  }
});
