/** Which Python a set-up uses, and the error when none is suitable. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setUp, type Recipe } from '../../src/setup/index.ts';
import { barePython, PYTHON, PYTHON_VERSION } from '../frameworks/fake-setup.ts';

const skip = PYTHON === null ? 'python3 is not on PATH' : false;

test('a Python without venv and ensurepip is reported with a fix, and no partial set-up remains', { skip }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'stepwell-setup-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const python = barePython(root);
  const recipe: Recipe = {
    name: 'tried',
    repository: null,
    commit: '1.2',
    pythons: [PYTHON_VERSION],
    packages: [],
    leaveOut: [],
    imports: [],
    requires: [],
  };
  const install_dir = join(root, 'frameworks');
  const trying = async (settings: { python?: string }, path: string): Promise<void> => {
    const env = { PATH: path, HOME: root };
    await assert.rejects(setUp(recipe, { settings: { enabled: true, env: {}, install_dir, ...settings }, env }), {
      code: 'SETUP_PYTHON_MISSING',
      exitCode: 2,
      message: new RegExp(
        `tried needs Python ${PYTHON_VERSION} with venv and ensurepip; found: ${python} \\([0-9.]+ without venv and ensurepip\\)\\.$`,
      ),
      fix: new RegExp(
        `^Add the missing modules, .* \`apt-get install python${PYTHON_VERSION}-venv\`, or set another: frameworks: { tried: { python: `,
      ),
    });
    assert.ok(!existsSync(join(install_dir, 'tried@1.2/setup.json')));
    assert.ok(!existsSync(join(install_dir, 'tried@1.2/env')));
  };
  await trying({ python }, '/usr/bin:/bin');
  // The wrapper is a script of sh, which has to be found by the system, not along PATH.
  await trying({}, root);
});
