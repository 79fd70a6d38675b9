/** The import rule is not only written down: a file that breaks it is refused by the linter. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '..');
let project: string;

before(() => {
  project = mkdtempSync(join(tmpdir(), 'stepwell-imports-'));
  cpSync(join(root, 'oxlint.config.ts'), join(project, 'oxlint.config.ts'));
  cpSync(join(root, 'tsconfig.json'), join(project, 'tsconfig.json'));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}\n');
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
});
after(() => rmSync(project, { recursive: true, force: true }));

function lint(files: Record<string, string>, ...args: string[]): { status: number | null; output: string } {
  rmSync(join(project, 'src'), { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  const result = spawnSync(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), ...args, 'src'], {
    cwd: project,
    encoding: 'utf8',
  });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

const inside = 'export const inside = 1;\n';
const uses = (path: string): string => `import { inside } from '${path}';\n\nexport const doubled = inside * 2;\n`;

const refused: [what: string, file: string, path: string, target: string][] = [
  ['a reader that imports a writer', 'src/summary/fold.ts', '../log/index.ts', 'src/log/index.ts'],
  ['a writer that imports a reader', 'src/run/runner.ts', '../summary/index.ts', 'src/summary/index.ts'],
  ["another area's inside", 'src/run/runner.ts', '../log/route.ts', 'src/log/route.ts'],
  ["another area's inside, from a nested folder", 'src/cli/commands/list.ts', '../../catalog/find.ts', 'src/catalog/find.ts'],
  ['an import upward', 'src/exec/spawn.ts', '../run/index.ts', 'src/run/index.ts'],
  ["another area's inside, from three folders down", 'src/cli/a/b/c.ts', '../../../log/route.ts', 'src/log/route.ts'],
  ['an import upward, from three folders down', 'src/exec/a/b/c.ts', '../../../run/index.ts', 'src/run/index.ts'],
  ['a way out of the folder in another spelling', 'src/run/runner.ts', './../log/route.ts', 'src/log/route.ts'],
  ["an area's entry file that reaches into another area", 'src/archive/index.ts', '../summary/fold.ts', 'src/summary/fold.ts'],
  ['a public entry that reaches into an area', 'src/index.ts', './summary/fold.ts', 'src/summary/fold.ts'],
  ['a public entry that imports an area not in its row', 'src/meter.ts', './run/index.ts', 'src/run/index.ts'],
  ['an area that imports a public entry', 'src/run/runner.ts', '../meter.ts', 'src/meter.ts'],
];
for (const [what, file, path, target] of refused) {
  test(`the linter refuses ${what}`, () => {
    const { status, output } = lint({ [file]: uses(path), [target]: inside });
    assert.equal(status, 1, output);
    assert.match(output, /no-restricted-imports/);
  });
}

for (const [what, text] of [
  ['an import() of', "export const inside = (): Promise<unknown> => import('../log/route.ts');\n"],
  ['a type from', "export type Inside = import('../log/route.ts').Inside;\n"],
  ['an export from', "export { inside } from '../log/route.ts';\n"],
] as const) {
  test(`the linter refuses ${what} another area's inside`, () => {
    const { status, output } = lint({ 'src/run/runner.ts': text, 'src/log/route.ts': `${inside}export type Inside = number;\n` });
    assert.equal(status, 1, output);
    assert.match(output, /no-restricted-imports|consistent-type-imports/);
  });
}

test('the rule reaches every file of src, and a folder further down than the deepest', () => {
  const files = globSync('src/**/*.ts', { cwd: root });
  const deepest = files.reduce((a, b) => (a.split('/').length >= b.split('/').length ? a : b));
  const all = [...files, join(dirname(deepest), 'further/down.ts')];
  // Each imports what no area may.
  const bad = all.map((file) => [file, uses(`${dirname(file).replace(/[^/]+/g, '..').slice(3) || '.'}/nowhere/inside.ts`)]);
  const { output } = lint(Object.fromEntries(bad), '--format=unix');
  const refusedFiles = new Set(
    output.split('\n').flatMap((line) => /^(src\/[^:]+):.*no-restricted-imports/.exec(line)?.[1] ?? []),
  );
  assert.deepEqual(
    all.filter((file) => !refusedFiles.has(file)),
    [],
  );
});

test('the linter accepts entry files of areas below and the own folder', () => {
  const { status, output } = lint({
    'src/run/runner.ts': uses('../log/index.ts'),
    'src/run/step.ts': uses('./attempt.ts'),
    'src/run/attempt.ts': inside,
    'src/run/index.ts': uses('./attempt.ts'),
    'src/index.ts': uses('./run/index.ts'),
    'src/run/a/b/c/deep.ts': uses('../../../attempt.ts'),
    'src/frameworks/index.ts': uses('./a/b/deep.ts'),
    'src/frameworks/a/b/deep.ts': uses('../../../run/index.ts'),
    'src/log/index.ts': inside,
  });
  assert.equal(status, 0, output);
});

test('the linter refuses a cycle', () => {
  const { status, output } = lint({
    'src/log/a.ts': "import { b } from './b.ts';\n\nexport const a = (): number => b();\n",
    'src/log/b.ts': "import { a } from './a.ts';\n\nexport const b = (): number => a();\n",
  });
  assert.equal(status, 1, output);
  assert.match(output, /no-cycle/);
});

test('the linter refuses a cycle of types alone', () => {
  const { status, output } = lint({
    'src/log/a.ts': "import type { B } from './b.ts';\n\nexport type A = B | 1;\n",
    'src/log/b.ts': "import type { A } from './a.ts';\n\nexport type B = { a: A };\n",
  });
  assert.equal(status, 1, output);
  assert.match(output, /no-cycle/);
});

/** Where such a name may stand, and why. */
const NAMED: Record<string, string> = {
  'src/log/context.ts': 'an example of the call that the original system made',
  'src/log/errors.ts': 'the same example',
};

test('no area below the frameworks knows one of them', () => {
  const above = /^src\/(frameworks|catalog|experiment|reconcile|cli|index)\b/;
  const name = /chatdev|\bbaes\b|ghspec|spec.?kit|\bcodex\b|copilot|opencode|\bqwen\b|mini-swe/i;
  const knowing = globSync('src/**/*.ts', { cwd: root }).filter(
    (file) => !above.test(file) && !(file in NAMED) && name.test(readFileSync(join(root, file), 'utf8')),
  );
  assert.deepEqual(knowing, []);
});
