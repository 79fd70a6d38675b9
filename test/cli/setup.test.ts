/** Which frameworks `stepwell setup` takes. What it then does is tested with the adapters. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newCliDirectory } from './child.ts';
import { writeExperiment } from './experiment.ts';

const place = newCliDirectory();
after(() => place.remove());

test('setup all sets up every framework of the configuration, enabled or not; setup NAME also one that is not in it', async () => {
  writeExperiment(place.dir, 'true');
  const nothing = await place.stepwell(['setup', 'all']);
  assert.equal(nothing.code, 2);
  assert.match(
    nothing.stderr,
    /^error\[NOTHING_TO_SET_UP\]: No framework of the configuration needs setup\.\nfix: Name a framework .*: baes, chatdev, ghspec\.\n$/,
  );

  const file = join(place.dir, 'config/experiment.yaml');
  const mine = '  mine: { adapter: baes, enabled: false, repo_url: no-clone }\nsteps:\n';
  writeFileSync(file, readFileSync(file, 'utf8').replace('steps:\n', mine));
  const all = await place.stepwell(['setup', 'all']);
  assert.equal(all.code, 1);
  assert.match(all.stderr, /^mine: fetching [0-9a-f]{40} from .*\/config\/no-clone\n/);

  const refused = await place.stepwell(['run', 'mine']);
  assert.match(refused.stderr, /mine: not set up: .*frameworks\/baes@[^]*fix: Type `npx stepwell setup mine`\.\n$/);
  const doctor = await place.stepwell(['doctor']);
  assert.match(
    doctor.stdout,
    /^off {8}mine \(not enabled\): not set up: frameworks\/baes@.*\n {11}fix: Type `npx stepwell setup mine`\.$/m,
  );

  const unknown = await place.stepwell(['setup', 'tool']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /nothing to set up for "tool"[^]*fix: Use one of: mine, baes, chatdev, ghspec, or all\./);
});

test('a framework that cannot be set up does not prevent the next one, and the exit code is that of the first failure', async () => {
  writeExperiment(place.dir, 'true');
  const file = join(place.dir, 'config/experiment.yaml');
  const two = ['first', 'second'].map((name) => `  ${name}: { adapter: baes, enabled: false, repo_url: no-${name} }\n`).join('');
  writeFileSync(file, readFileSync(file, 'utf8').replace('steps:\n', `${two}steps:\n`));
  const all = await place.stepwell(['setup', 'all']);
  assert.equal(all.code, 1);
  assert.match(
    all.stderr,
    /^first: fetching [^]*^error\[SETUP_SOURCE_UNREACHABLE\]: .*no-first[^]*^second: fetching [^]*^error\[SETUP_SOURCE_UNREACHABLE\]: .*no-second/m,
  );

  const { code, stdout, stderr } = await place.stepwell(['setup', 'all', '--json']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; action: string; error: { code: string } });
  assert.deepEqual([code, stderr], [1, '']);
  assert.deepEqual(
    lines.map(({ name, action, error }) => [name, action, error.code]),
    ['first', 'second'].map((name) => [name, 'failed', 'SETUP_SOURCE_UNREACHABLE']),
  );
});
