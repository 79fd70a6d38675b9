/**
 * Everything the README and the docs tell a reader to type is typed here, in a fresh clone that already holds one run.
 *
 * A `sh` block is run by `sh -e`, a `js` block by node, both in the clone's top directory. A command that is meant to fail
 * ends in `# exits N`. docs/notebook.md begins in an empty folder and has a test of its own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { blocksOf } from './blocks.ts';
import { root } from '../checkout.ts';
import { cloneCheckout, type Clone } from './clone.ts';
import { runProgram, runShell, type Ended, type Place } from './shell.ts';

let clone: Clone;
let firstRun: string;

before(() => {
  clone = cloneCheckout();
  const run = spawnSync('./runners/run_experiment.sh', ['baseline', '1'], { cwd: clone.dir, env: clone.env, encoding: 'utf8' });
  assert.equal(run.status, 0, `the default experiment failed:\n${run.stdout}\n${run.stderr}`);
  firstRun = run.stderr + run.stdout;
});
after(() => clone[Symbol.dispose]());

function runScript(text: string, place: Place): Promise<Ended> {
  const file = join(place.cwd, 'example.mjs');
  writeFileSync(file, text);
  return runProgram(process.execPath, [file], place);
}

const documents = ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', ...globSync('docs/*.md', { cwd: root }).toSorted()];
for (const document of documents.filter((each) => each !== 'docs/notebook.md')) {
  for (const block of blocksOf(readFileSync(join(root, document), 'utf8'))) {
    const run = { sh: runShell, js: runScript }[block.language];
    if (run === undefined) continue;
    test(`${relative('.', document)}:${block.line} does what it says`, async () => {
      const { status, output } = await run(block.text, { cwd: clone.dir, env: clone.env });
      assert.equal(status, 0, `${block.text}\nended with ${status}:\n${output}`);
    });
  }
}

/** A text without what differs from run to run: ids, figures and directories. */
const withoutFigures = (text: string): string =>
  text
    .replaceAll(/\d{8}-\d{6}-\w{4}/g, '<id>')
    .replaceAll(/^(baseline) \w{4}/gm, '$1 <id>')
    .replaceAll(/\d\d\d\d-\d\d-\d\dT[\d:]+Z/g, '<time>')
    .replaceAll(/\d[\d,.]*(k|ms|s| KB)?\b/g, '<n>')
    .replaceAll(/^Record: (.*\/)?runs\//gm, 'Record: <dir>/');

test('README.md shows what npm start prints', () => {
  const shown = blocksOf(readFileSync(join(root, 'README.md'), 'utf8')).find(({ text }) => text.includes('Run ID:'));
  assert.ok(shown);
  const printed = withoutFigures(firstRun);
  for (const part of shown.text.split(/^…$/m)) {
    const expected = withoutFigures(part).trim();
    assert.ok(printed.includes(expected), `${expected}\n\nis not in\n\n${printed}`);
  }
});
