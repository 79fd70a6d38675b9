import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { recoverRun } from '../../src/experiment/index.ts';
import { LEASE_FILE, PRIVATE_DIR } from '../../src/store/index.ts';
import { LogSummarizer, readReconciliation } from '../../src/summary/index.ts';
import { differences, HOUR, createFixture } from '../reconcile/sealed-runs.ts';

test('recover of a run that was reconciled before its sealing was complete keeps the reconciliation', async () => {
  await using here = await createFixture();
  const id = '20260302-120000-cut1';
  const runDir = await here.make({ id, calls: [{ at: 0 }] });
  const [result] = await here.at(HOUR);
  assert.equal(result?.state, 'provisional');
  const summary = readFileSync(join(runDir, 'logs_summary.txt'), 'utf8');
  const metrics = readFileSync(join(runDir, 'metrics.json'), 'utf8');

  // As a process leaves it that was killed between the archive and the end of its sealing.
  mkdirSync(join(runDir, PRIVATE_DIR), { recursive: true });
  writeFileSync(join(runDir, LEASE_FILE), 'cut off');
  rmSync(join(runDir, 'logs_summary.txt'));
  const recovery = await recoverRun(runDir);
  assert.equal(recovery.outcome, 'recovered');

  assert.equal(readFileSync(join(runDir, 'logs_summary.txt'), 'utf8'), summary);
  assert.equal(readFileSync(join(runDir, 'metrics.json'), 'utf8'), metrics);
  assert.deepEqual(await differences(runDir), []);
  const manifest = JSON.parse(readFileSync(join(here.runsDir, 'runs_manifest.json'), 'utf8')) as {
    runs: { verification_status: string; provider_tokens_in: number }[];
  };
  assert.deepEqual([manifest.runs[0]?.verification_status, manifest.runs[0]?.provider_tokens_in], ['provisional', 1000]);
  assert.equal((await readReconciliation(runDir))?.attempts.length, 1);
  assert.equal(await new LogSummarizer(id, 'baes', runDir).generateSummary(), summary, 'and so does the summarizer');
});
