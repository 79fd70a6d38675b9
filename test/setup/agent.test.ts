/** Setting up a framework that comes as a package and drives an agent of npm, with a real, empty Python environment and an npm that is a script. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setUp, type Recipe } from '../../src/setup/index.ts';
import type { SetupSettings } from '../../src/setup/index.ts';
import { NO_ENVIRONMENTS as skip, PYTHON, PYTHON_VERSION } from '../frameworks/fake-setup.ts';

const recipe: Recipe = {
  name: 'tried',
  repository: null,
  commit: '1.2',
  pythons: [PYTHON_VERSION],
  packages: [],
  leaveOut: [],
  imports: ['json'],
  requires: ['pip'],
  agent: { program: 'helper', npmPackage: '@some/helper@4.5.6', known: ['helper', 'codex'] },
};

test('a package records its version as commit, and its agent is installed from npm if it is not on PATH', { skip }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'stepwell-setup-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [bin, other, directory] = [join(root, 'bin'), join(root, 'other'), join(root, 'frameworks/tried@1.2')];
  for (const each of [bin, other]) mkdirSync(each);
  const program = (folder: string, name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const installed = join(directory, 'agent/node_modules/.bin/helper');
  const npm = `echo "$@" >> '${root}/npm'; mkdir -p node_modules/.bin; : > node_modules/.bin/helper; chmod +x node_modules/.bin/helper`;
  program(bin, 'npm', npm);
  program(other, 'helper', 'true');
  const settings: SetupSettings = { enabled: true, env: {}, install_dir: join(root, 'frameworks'), python: PYTHON ?? '' };
  const messages: string[] = [];
  const setUpWith = async (changes: Partial<SetupSettings>, ...path: string[]) => {
    const env = { ...process.env, PATH: [...path, '/usr/bin', '/bin'].join(':') };
    messages.length = 0;
    return await setUp(recipe, { settings: { ...settings, ...changes }, env, onMessage: (line) => messages.push(line) });
  };

  const { action, record } = await setUpWith({}, bin);
  assert.deepEqual([action, record.commit, record.repository], ['made', '1.2', null]);
  assert.ok(!existsSync(join(directory, 'source')));
  assert.match(readFileSync(join(root, 'npm'), 'utf8'), /^install .*--ignore-scripts .*@some\/helper@4\.5\.6\n$/);
  assert.deepEqual([(await setUpWith({}, bin)).action, messages], ['kept', []]);

  const placed = async (changes: Partial<SetupSettings>, ...path: string[]): Promise<boolean> => {
    rmSync(join(directory, 'agent'), { recursive: true });
    assert.equal((await setUpWith(changes, ...path)).action, 'kept');
    const is = existsSync(installed);
    mkdirSync(join(directory, 'agent'), { recursive: true });
    return is;
  };
  assert.equal(await placed({}, bin), true);
  assert.equal(await placed({ agent: 'helper' }, bin), true);
  assert.equal(await placed({ agent: 'codex' }, bin), false);
  assert.equal(await placed({ command: ['/somewhere/helper'] }, bin), false);
  assert.equal(await placed({}, other, bin), false);
  program(bin, 'npm', 'echo "npm error code E500" >&2; exit 1');
  await assert.rejects(setUpWith({}, bin), (error: Error & { code: string; fix: string }) => {
    assert.equal(error.code, 'SETUP_STEP_FAILED');
    assert.match(error.message, /install helper \(exit code 1\)[^]*E500/);
    assert.match(error.fix, /setup\.log; if npm’s registry is not reachable, set NPM_CONFIG_REGISTRY to one .*; once/);
    return true;
  });
  rmSync(join(bin, 'npm'));
  const env = { ...process.env, PATH: bin };
  assert.equal((await setUp(recipe, { settings, env, onMessage: (line) => messages.push(line) })).action, 'kept');
  assert.match(messages.at(-1) ?? '', /helper is not on PATH, and without npm/);
});

test('an unknown agent is refused', async () => {
  const install_dir = join(tmpdir(), 'stepwell-never-made');
  const settings: SetupSettings = { enabled: true, env: {}, install_dir };
  await assert.rejects(setUp(recipe, { settings: { ...settings, agent: 'nobody' } }), {
    code: 'AGENT_UNKNOWN',
    message: /no coding agent "nobody"/,
  });
  assert.ok(!existsSync(install_dir));
});
