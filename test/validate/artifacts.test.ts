/** Whether a step left work behind. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { artifactFailure, checkArtifacts } from '../../src/validate/index.ts';
import { validated } from './recorded-validation.ts';

const change = (...added: string[]) => ({ added, changed: [], removed: [] });

test('the rule "none" passes even when nothing changed', () => {
  assert.deepEqual(checkArtifacts('none', [], change()), []);
  assert.equal(artifactFailure([]), null);
});

test('the rule "changed" counts added and changed files, not removed ones', () => {
  assert.equal(artifactFailure(checkArtifacts('changed', [], change('a'))), null);
  assert.equal(artifactFailure(checkArtifacts('changed', [], { added: [], changed: ['a'], removed: [] })), null);
  const failure = artifactFailure(checkArtifacts('changed', [], { added: [], changed: [], removed: ['a'] }));
  assert.deepEqual(failure, {
    reason: 'no_changes',
    message: 'the framework added and changed no file of the workspace (0 files added or changed)',
  });
});

test('ignored files do not count as changes', () => {
  const rules = { require: [], ignore: ['*.md', 'docs/'] };
  assert.equal(artifactFailure(checkArtifacts(rules, [], change('README.md', 'docs/a.txt')))?.reason, 'no_changes');
  assert.deepEqual(checkArtifacts(rules, [], change('README.md', 'src/a.js')), [
    { name: 'changed', ok: true, detail: '1 file added or changed; 1 ignored by rule' },
  ]);
});

test('each required pattern must match a file, written by any step', () => {
  const rules = { require: ['start.sh', 'src/**/*.js'], ignore: [] };
  const checks = checkArtifacts(rules, ['start.sh', 'lib/a.js'], change('lib/a.js'));
  assert.deepEqual(
    checks.map((check) => [check.name, check.ok, check.detail]),
    [
      ['changed', true, '1 file added or changed'],
      ['require start.sh', true, '1 file, first start.sh'],
      ['require src/**/*.js', false, 'no file fits it'],
    ],
  );
  assert.deepEqual(artifactFailure(checks), {
    reason: 'artifacts',
    message: 'the artifact check "require src/**/*.js" failed: no file fits it',
  });
});

test('validation records the results of artifact checks', async () => {
  const artifacts = { require: ['start.sh', 'gone.txt'], ignore: ['*.md'] };
  const { of, result } = await validated({ artifacts }, 'healthy', {
    change: change('README.md'),
    files: (workspace) => writeFileSync(join(workspace, 'start.sh'), ''),
  });
  assert.deepEqual(
    of('artifact_check').map((check) => check.ok),
    [false, true, false],
  );
  assert.deepEqual([result.artifacts_passed, result.artifacts_total], [1, 3]);
});

test('the rule "changed" is not checked when the changes are unknown', async () => {
  const { result } = await validated({ artifacts: 'changed' }, 'healthy');
  assert.equal(result.artifacts_total, 0);
});
