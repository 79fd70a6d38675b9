import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyRun } from '../../src/archive/index.ts';
import { secretsOfRun } from '../../src/experiment/secrets.ts';
import { runExperiment } from '../../src/experiment/index.ts';

const root = join(import.meta.dirname, '..', '..');

test('a value that is a word of the record format, or part of one, is not treated as a secret', () => {
  const env = { A_PASSWORD: 'rehearsal', B_KEY: 'orchestr', C_TOKEN: 'mymodel-4', D_SECRET: 'tr0ub4dor&3' };
  assert.deepEqual(secretsOfRun(env, { values: ['another-secret'] }, ['mymodel-4']), {
    values: ['tr0ub4dor&3', 'another-secret'],
    ignored: ['A_PASSWORD', 'B_KEY', 'C_TOKEN'],
  });
});

test('a password that is a word of the record format is not masked, and the record names its variable', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-words-'));
  try {
    const { runs } = await runExperiment({
      config: join(root, 'config/experiment.yaml'),
      frameworks: ['baseline'],
      runsDir: dir,
      steps: '1',
      env: {
        ...process.env,
        DB_PASSWORD: 'complete',
        PGPASSWORD: 'baseline',
        OTHER_TOKEN: 'rehearsal',
        REAL_TOKEN: 'tr0ub4dor&3',
      },
    });
    const run = runs[0]!;
    assert.equal(run.status, 'success');
    assert.deepEqual((await verifyRun(run.runDir)).items, []);
    const log = readFileSync(join(run.runDir, 'logs/run.log'), 'utf8');
    const named = log
      .split('\n')
      .filter((line) => line.includes('secret_ignored'))
      .map((line) => JSON.parse(line).metadata.variable);
    assert.deepEqual(named, ['DB_PASSWORD', 'PGPASSWORD', 'OTHER_TOKEN']);
    assert.match(readFileSync(join(run.runDir, 'logs_summary.txt'), 'utf8'), /^REHEARSAL/m);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
