import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSubstitutions, type Substitutions } from '../../src/cassette/substitutions.ts';

const A = { runDir: '/home/a b/runs/baseline/20261122-141503-k3f9', runId: '20261122-141503-k3f9' };
const B = { runDir: '/srv/é/runs/baseline/20261201-010203-zzzz', runId: '20261201-010203-zzzz' };

/** `text` with placeholders. */
function generalised(substitutions: Substitutions, text: string): string {
  return substitutions.find(text).reduceRight((out, edit) => out.slice(0, edit.start) + edit.text + out.slice(edit.end), text);
}

test('run-specific text becomes a placeholder, and then the other run’s text', () => {
  const cases: [own: string, neutral: string, other: string][] = [
    [`${A.runDir}/workspace/src/a.js`, '{{stepwell:run_dir}}/workspace/src/a.js', `${B.runDir}/workspace/src/a.js`],
    [`run ${A.runId}.`, 'run {{stepwell:run_id}}.', `run ${B.runId}.`],
    [
      `file://${encodeURI(A.runDir)}/x and ${encodeURIComponent(A.runDir)}`,
      'file://{{stepwell:run_dir:uri}}/x and {{stepwell:run_dir:component}}',
      `file://${encodeURI(B.runDir)}/x and ${encodeURIComponent(B.runDir)}`,
    ],
    [
      '{{stepwell:run_dir}} as it stands here',
      '{{stepwell:literal}}run_dir}} as it stands here',
      '{{stepwell:run_dir}} as it stands here',
    ],
    ['nothing of its own', 'nothing of its own', 'nothing of its own'],
  ];
  for (const [own, neutral, other] of cases) {
    assert.equal(generalised(createSubstitutions(A), own), neutral);
    assert.equal(createSubstitutions(B).restore(neutral), other);
  }
});

test('proxy URLs and process tags are learned when seen, and the latest is restored', () => {
  const url = (run: typeof A, token: string): string =>
    `http://127.0.0.1:4711/${token.padEnd(22, '_')}/r/${run.runId}/s/1/a/2/v1`;
  const mark = (run: typeof A, hex: string): string => `${run.runId}:${hex.repeat(16)}`;
  const recorded = generalised(createSubstitutions(A), `${url(A, 'one')} ${mark(A, 'a')} ${mark(A, 'b')}`);
  assert.equal(recorded, '{{stepwell:meter}}/s/1/a/2/v1 {{stepwell:mark}} {{stepwell:mark}}');
  const substitutions = createSubstitutions(B);
  assert.equal(substitutions.restore(recorded), recorded, 'what was never seen stays');
  substitutions.find(`${url(B, 'first')} and then ${url(B, 'second')} ${mark(B, 'c')}`);
  assert.equal(substitutions.restore(recorded), `${url(B, 'second')} ${mark(B, 'c')} ${mark(B, 'c')}`);
});

test('a run directory behind a symlink is also known by its real path', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-cassette-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'real'));
  symlinkSync(join(dir, 'real'), join(dir, 'link'));
  const substitutions = createSubstitutions({ runDir: join(dir, 'link'), runId: 'run-1' });
  const seen = `${join(dir, 'link')}/x ${join(realpathSync(dir), 'real')}/x`;
  assert.equal(generalised(substitutions, seen), '{{stepwell:run_dir}}/x {{stepwell:run_dir}}/x');
});

test('property: substituting and restoring returns the original text', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      A.runDir,
      A.runId,
      '{{stepwell:',
      '{{stepwell:run_id}}',
      '}}',
      '{{',
      encodeURIComponent(A.runDir),
      `${A.runDir}/`,
    ),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const substitutions = createSubstitutions(A);
      const text = pieces.join('');
      assert.equal(substitutions.restore(generalised(substitutions, text)), text);
    }),
    { numRuns: 500 },
  );
});
