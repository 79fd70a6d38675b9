/** A framework that is not set up: the question before a run, in a real pseudo-terminal, and what is said where nobody can answer. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newCliDirectory } from './child.ts';
import { writeExperiment } from './experiment.ts';
import { needsPty } from '../exec/terminal.ts';
import { shownInTerminal } from './pty.ts';

const place = newCliDirectory();
before(() => {
  writeExperiment(place.dir, 'true', { steps: 1 });
  const file = join(place.dir, 'config/experiment.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('steps:\n', '  baes: { enabled: false, repo_url: no-clone }\nsteps:\n'));
});
after(() => place.remove());

const shownAfterTyping = async (keys: string, ...args: string[]): Promise<string> => await shownInTerminal(place.dir, keys, args);

const MISSING =
  /error\[CHECKS_FAILED\]: .*baes: not set up: .*frameworks\/baes@[0-9a-f]{40} is not there\.\nfix: Type `npx stepwell setup baes`\.\n/;

for (const [keys, answer] of [
  ['\n', 'nothing'],
  ['n\n', 'no'],
  ['\u0004', 'the end of the input'],
] as const) {
  test(`on a terminal run offers the setup; ${answer} means no, and nothing is set up`, needsPty, async () => {
    const text = await shownAfterTyping(keys, 'run', 'baes');
    assert.match(text, /^baes is not set up\. .*`npx stepwell setup baes`\.\nSet up now\? \[y\/N\] /);
    assert.match(text, MISSING);
    assert.match(text, /exit 2\n$/);
    assert.equal(existsSync(join(place.dir, 'frameworks')), false);
  });
}

test(
  'run does not offer a setup without a terminal, with --json, with --dry-run, or when nothing is missing',
  needsPty,
  async () => {
    for (const args of [
      ['run', 'baes', '--json'],
      ['run', 'baes', '--dry-run'],
      ['run', 'tool', '--dry-run'],
      ['run', 'all', '--steps', '7'],
    ]) {
      assert.doesNotMatch(await shownAfterTyping('y\n', ...args), /y\/N/, args.join(' '));
    }
    const piped = await place.stepwell(['run', 'baes']);
    assert.equal(piped.code, 2);
    assert.match(piped.stderr, MISSING);
    assert.equal(piped.stdout, '');
  },
);

test('the answer y starts the setup, and a failed setup ends the command before the run', needsPty, async () => {
  const text = await shownAfterTyping('y\n', 'run', 'baes', 'tool');
  assert.match(
    text,
    /\[y\/N\] y\nbaes: fetching [0-9a-f]{40} from .*\/no-clone\nerror\[SETUP_SOURCE_UNREACHABLE\]: The source of baes could not be fetched/,
  );
  assert.match(text, /exit 1\n$/);
  assert.equal(existsSync(join(place.dir, 'runs')), false);
});
