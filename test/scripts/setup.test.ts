/** When packages are installed, with an `npm` that only writes down how it was called. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';

const scripts = join(import.meta.dirname, '../../scripts');
const LOCKED = {
  '': { name: 'project' },
  'node_modules/kept': { version: '1.0.0', integrity: 'sha512-kept' },
  'node_modules/elsewhere': { version: '2.0.0', integrity: 'sha512-other', optional: true },
};

interface Project extends Disposable {
  readonly dir: string;
  /** Runs setup.sh; how npm was called meanwhile, a line a call. */
  setUp(): string;
}

/** A project with one locked package, and one for another platform. `installed` is npm's own note of node_modules. */
function projectWith(installed: Record<string, unknown> | null): Project {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-setup-'));
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  for (const name of ['setup.sh', 'installed.mjs']) {
    mkdirSync(join(dir, 'scripts'), { recursive: true });
    copyFileSync(join(scripts, name), join(dir, 'scripts', name));
  }
  write('package-lock.json', JSON.stringify({ packages: LOCKED }));
  write('bin/npm', '#!/bin/sh\necho "$@" >> npm-calls\nmkdir -p node_modules/.bin\n');
  chmodSync(join(dir, 'bin/npm'), 0o755);
  write('node_modules/.bin/stepwell', '');
  write('node_modules/kept/package.json', '{}');
  if (installed !== null) write('node_modules/.package-lock.json', JSON.stringify({ packages: installed }));
  const env = { ...process.env, PATH: [join(dir, 'bin'), process.env['PATH']].join(delimiter) };
  return {
    dir,
    setUp: () => {
      const done = spawnSync('sh', ['scripts/setup.sh'], { cwd: dir, env, encoding: 'utf8' });
      assert.equal(done.status, 0, done.stderr);
      const calls = join(dir, 'npm-calls');
      return existsSync(calls) ? readFileSync(calls, 'utf8') : '';
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

test('packages that were installed with npm are not installed again', () => {
  using project = projectWith({ 'node_modules/kept': LOCKED['node_modules/kept'] });
  assert.equal(project.setUp(), '');
  rmSync(join(project.dir, 'node_modules/.package-lock.json'));
  assert.equal(project.setUp(), '', 'nor looked at again');
});

for (const [what, installed] of [
  ['nothing is installed', null],
  ['another version is installed', { 'node_modules/kept': { version: '1.0.1', integrity: 'sha512-kept' } }],
  ['a package has other contents', { 'node_modules/kept': { version: '1.0.0', integrity: 'sha512-forged' } }],
  ['a package is missing', {}],
  ['a package is left over', { 'node_modules/kept': LOCKED['node_modules/kept'], 'node_modules/old': { version: '1.0.0' } }],
] as const) {
  test(`packages are installed once where ${what}`, () => {
    using project = projectWith(installed);
    assert.equal(project.setUp().match(/^ci /gm)?.length, 1);
    assert.equal(project.setUp().match(/^ci /gm)?.length, 1);
  });
}

test('packages are installed where their directory was removed', () => {
  using project = projectWith({ 'node_modules/kept': LOCKED['node_modules/kept'] });
  rmSync(join(project.dir, 'node_modules/kept'), { recursive: true });
  assert.match(project.setUp(), /^ci /);
});

test('the setup of a clone builds nothing', () => {
  using project = projectWith({ 'node_modules/kept': LOCKED['node_modules/kept'] });
  project.setUp();
  assert.equal(existsSync(join(project.dir, 'dist')), false);
});

test('no locked package has a script that `npm ci` would run', () => {
  const lock = JSON.parse(readFileSync(join(scripts, '../package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const names = Object.keys(lock.packages);
  assert.ok(names.length > 100, 'the lockfile is read');
  assert.deepEqual(
    names.filter((name) => lock.packages[name]?.hasInstallScript === true),
    [],
  );
});
