/** Frameworks that the configuration names without enabling them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { widthOf } from '../../src/terminal/index.ts';
import { newCliDirectory, type CliDirectory } from './child.ts';
import { writeExperiment } from './experiment.ts';
import { needsPty } from '../exec/terminal.ts';
import { shownInTerminal } from './pty.ts';

let place: CliDirectory;
beforeEach(() => {
  place = newCliDirectory();
});
afterEach(() => place.remove());

const DISABLED_FRAMEWORKS = `  spare: { enabled: false, adapter: command, command: [no-such-program-here] }
  baes: { enabled: false }
steps:
`;

function writeExperimentWithDisabledFrameworks(script: string): void {
  writeExperiment(place.dir, script, { steps: 1 });
  const file = join(place.dir, 'config/experiment.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('steps:\n', DISABLED_FRAMEWORKS));
}

test('run all names the frameworks that it leaves out; naming one checks it and reports what is missing', async () => {
  writeExperimentWithDisabledFrameworks('echo x > file');
  const plan = await place.stepwell(['run', 'all', '--dry-run']);
  assert.match(plan.stdout, /\nLeft out: spare, baes \(not enabled; name one on the command line to run it\)\n/);
  const json = JSON.parse((await place.stepwell(['run', 'all', '--dry-run', '--json'])).stdout) as { left_out: unknown };
  assert.deepEqual(json.left_out, ['spare', 'baes']);

  const all = await place.stepwell(['run', 'all']);
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stderr, /^Left out: spare, baes \(not enabled/);
  const one = await place.stepwell(['run', 'tool']);
  assert.doesNotMatch(one.stderr, /Left out|spare|baes/);

  const both = await place.stepwell(['run', 'all', 'baes']);
  assert.equal(both.code, 2);
  assert.match(
    both.stderr,
    /: baes: not set up: frameworks\/baes@[0-9a-f]{40} is not there\.\nfix: Type `npx stepwell setup baes`\.\n$/,
  );
});

test('doctor shows what a framework that is not enabled lacks, and reports no problem', async () => {
  writeExperimentWithDisabledFrameworks('true');
  const doctor = await place.stepwell(['doctor']);
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.match(doctor.stdout, /^ready {6}tool with the adapter command$/m);
  assert.match(doctor.stdout, /^off {8}spare \(not enabled\): .*no-such-program-here.*\n {11}fix: /m);
  assert.match(
    doctor.stdout,
    /^off {8}baes \(not enabled\): not set up: frameworks\/baes@[0-9a-f]{40} is not there\.\n {11}fix: Type `npx stepwell setup baes`\.$/m,
  );

  const file = join(place.dir, 'config/experiment.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('baes: { enabled: false }', 'baes: {}'));
  const wanted = await place.stepwell(['doctor']);
  assert.equal(wanted.code, 2);
  assert.match(wanted.stdout, /^not ready {2}baes: not set up: /m);
});

test('doctor reports no problem for a new experiment', async () => {
  await place.stepwell(['init']);
  const doctor = await place.stepwell(['doctor']);
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.match(doctor.stdout, /^ready {6}baseline$/m);
  assert.match(doctor.stdout, /^off {8}baes \(not enabled\): /m);
});

test('on a terminal doctor wraps its lines and shortens commits', needsPty, async () => {
  writeExperimentWithDisabledFrameworks('true');
  const lines = (await shownInTerminal(place.dir, '', ['doctor'])).split('\n');
  assert.ok(
    lines.every((line) => widthOf(line) <= 80),
    lines.join('\n'),
  );
  assert.match(
    lines.join('\n'),
    /^off {8}baes \(not enabled\): not set up: frameworks\/baes@[0-9a-f]{12}… is not\n {11}there\.$/m,
  );
});
