import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { cleanEnv, newCliDirectory, type CliDirectory } from './child.ts';

let place: CliDirectory;
beforeEach(() => {
  place = newCliDirectory();
});
afterEach(() => place.remove());

const read = (file: string): string => readFileSync(join(place.dir, file), 'utf8');

test('init writes an experiment that can be run without a change', async () => {
  const made = await place.stepwell(['init', 'mine']);
  assert.equal(made.code, 0);
  assert.match(made.stdout, /wrote  mine\/config\/experiment\.yaml/);
  const schema = /\$schema=(\S+)/.exec(read('mine/config/experiment.yaml'))?.[1] ?? '';
  assert.ok(read(join('mine/config', schema)).includes('"$schema"'), 'the first line names a schema that is there');
  const plan = await place.stepwell(['run', 'baseline', '--dry-run', '--config', 'mine/config/experiment.yaml']);
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /Steps: 6\n/);
  assert.match(plan.stdout, /nothing was started/);
});

test('the next commands that init prints work in the directory of the experiment', async () => {
  // Outside of the clone npx would ask the registry for a package of this name.
  const bin = join(import.meta.dirname, '../../node_modules/.bin');
  const outside = await place.stepwell(['init', 'mine']);
  assert.ok(
    outside.stdout.endsWith(`mine\n  export PATH=${bin}:"$PATH"\n  stepwell doctor\n  stepwell run baseline\n`),
    outside.stdout,
  );
  const inside = mkdtempSync(join(bin, '../.init-'));
  try {
    const { stdout } = await place.stepwell(['init', inside]);
    assert.ok(stdout.endsWith(`  cd ${inside}\n  npx stepwell doctor\n  npx stepwell run baseline\n`), stdout);
  } finally {
    rmSync(inside, { recursive: true });
  }
});

test('init overwrites nothing and adds its block to .gitignore once', async () => {
  mkdirSync(join(place.dir, 'config'));
  writeFileSync(join(place.dir, 'config/experiment.yaml'), 'mine: true\n');
  writeFileSync(join(place.dir, '.gitignore'), 'secret.txt');
  const first = await place.stepwell(['init']);
  assert.match(first.stdout, /kept   config\/experiment\.yaml/);
  assert.equal(read('config/experiment.yaml'), 'mine: true\n');
  const ignore = read('.gitignore');
  assert.match(
    ignore,
    /^secret\.txt\n\nnode_modules\/\n\.env\n\n# What `stepwell setup` makes\n\/frameworks\/\n\n# Track specific file types/,
  );
  const second = await place.stepwell(['init']);
  assert.doesNotMatch(second.stdout, /wrote/);
  assert.equal(read('.gitignore'), ignore);
});

test('with the .gitignore of init, git offers summaries, JSON and commit.txt, but no logs, workspaces or archives', async () => {
  await place.stepwell(['init']);
  const git = (...args: string[]): string => {
    const done = spawnSync('git', args, { cwd: place.dir, env: cleanEnv(), encoding: 'utf8' });
    assert.equal(done.stderr, '');
    return done.stdout;
  };
  git('init', '-q');
  const run = 'runs/baseline/20261122-141503-k3f9';
  const tracked = ['metadata.json', 'metrics.json', 'commit.txt', 'logs_summary.txt', 'notes.md'];
  const ignored = [
    'logs/run.log',
    'logs/step_001/adapter.log',
    'cassette.jsonl',
    'workspace/a.js',
    '.stepwell/lease.json',
    'run.tar.gz',
    'x.zip',
    'artifacts/a',
  ];
  for (const file of [...tracked, ...ignored]) {
    mkdirSync(join(place.dir, run, file, '..'), { recursive: true });
    writeFileSync(join(place.dir, run, file), '');
  }
  const offered = git('status', '--porcelain', '--untracked-files=all', 'runs')
    .trim()
    .split('\n')
    .map((text) => text.slice(3));
  assert.deepEqual(offered.sort(), tracked.map((file) => `${run}/${file}`).sort());
  const checked = spawnSync('git', ['check-ignore', ...ignored.map((file) => `${run}/${file}`)], {
    cwd: place.dir,
    encoding: 'utf8',
  });
  assert.equal(checked.stdout.trim().split('\n').length, ignored.length);
});

test('init into a path that is a file fails and names it', async () => {
  writeFileSync(join(place.dir, 'taken'), '');
  const done = await place.stepwell(['init', 'taken']);
  assert.equal(done.code, 2);
  assert.equal(
    done.stderr,
    'error[CANNOT_WRITE]: taken cannot be written: it is a file.\nfix: Choose another path, or free disk space there.\n',
  );
});
