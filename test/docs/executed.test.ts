/**
 * Everything the README and the docs tell a reader to type is typed here, in a fresh clone that already holds one run.
 *
 * A `sh` block is run by `sh -e`, a `js` block by node, both in the clone's top directory. A command that is meant to fail
 * ends in `# exits N`. The README's two set-up commands are executed by `.ci/run`, in a checkout without any packages.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { blocksOf } from './blocks.ts';
import { cloneCheckout, root, type Clone } from './clone.ts';

const SET_UP = new Set(['npm start', 'npm test']);
let clone: Clone;

before(() => {
  clone = cloneCheckout();
  const run = spawnSync('./runners/run_experiment.sh', ['baseline', '1'], { cwd: clone.dir, env: clone.env, encoding: 'utf8' });
  assert.equal(run.status, 0, `the default experiment failed:\n${run.stdout}\n${run.stderr}`);
});
after(() => clone[Symbol.dispose]());

/** `sh` with each command's expected exit code: the one named by `# exits N`, otherwise 0. */
function runShell(text: string): { status: number | null; output: string } {
  const script = text
    .split('\n')
    .filter((line) => !SET_UP.has(line.replace(/\s+#.*$/, '').trim()))
    .map((line) => {
      const expected = /^(.*\S)\s+#.*\bexits (\d+)\b/.exec(line);
      return expected
        ? `set +e; ${expected[1]}; code=$?; set -e; [ $code -eq ${expected[2]} ] || { echo "exit code $code"; exit 1; }`
        : line;
    })
    .join('\n');
  const result = spawnSync('sh', ['-e', '-c', script], { cwd: clone.dir, env: clone.env, encoding: 'utf8', timeout: 180_000 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

function runScript(text: string): { status: number | null; output: string } {
  const file = join(clone.dir, 'example.mjs');
  writeFileSync(file, text);
  const result = spawnSync(process.execPath, [file], { cwd: clone.dir, env: clone.env, encoding: 'utf8', timeout: 180_000 });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

const documents = ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', ...globSync('docs/*.md', { cwd: root }).toSorted()];
for (const document of documents) {
  for (const block of blocksOf(readFileSync(join(root, document), 'utf8'))) {
    const run = { sh: runShell, js: runScript }[block.language];
    if (run === undefined) continue;
    test(`${relative('.', document)}:${block.line} does what it says`, () => {
      const { status, output } = run(block.text);
      assert.equal(status, 0, `${block.text}\nended with ${status}:\n${output}`);
    });
  }
}
