/** What of a run's records is held against the bill. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ledgerTotals } from '../../src/reconcile/totals.ts';
import { canBeBilledBy, readLedger } from '../../src/reconcile/ledger.ts';
import { MINUTE_MS, windowOf } from '../../src/reconcile/minutes/window.ts';
import { openRunDirectory } from '../../src/store/index.ts';
import { attemptsOf, HOUR, MINUTE, NOON, createFixture } from './sealed-runs.ts';

test('refused calls used nothing; calls without token counts make the ledger a lower bound and last until the end of the run', async () => {
  await using here = await createFixture();
  const runDir = await here.make({
    id: 'one',
    calls: [
      { at: 30_000, ends: 'http_error' },
      { at: 31_000, ends: 'unreachable' },
      { at: 32_000, ends: 'reset' },
      { at: 40_000, input: 10, output: 1, cached: 4 },
      { at: 50_000, step: null, input: 20, output: 2 },
      { at: 60_000, ends: 'aborted' },
      { at: 70_000, ends: 'never' },
    ],
    to: 5 * MINUTE + 1000,
  });
  await using source = await openRunDirectory(runDir);
  const ledger = await readLedger(source);
  assert.deepEqual(
    ledger.calls.map(({ use, step, incomplete, endedAt, startedAt }) => [
      use,
      step,
      incomplete,
      endedAt === null ? null : endedAt - startedAt,
    ]),
    [
      ['none', 1, false, 1000],
      ['none', 1, false, 1000],
      ['unknown', 1, true, 1000],
      ['known', 1, false, 1000],
      ['known', null, false, 1000],
      ['unknown', 1, true, 1000],
      ['unknown', 1, true, null],
    ],
  );
  assert.deepEqual(ledgerTotals(ledger.calls), { input_tokens: 30, output_tokens: 3, cached_tokens: 4, api_calls: 5 });
  const window = windowOf(ledger)!;
  // And the provider a minute longer.
  assert.deepEqual([window.start - NOON, window.end - NOON], [0, 7 * MINUTE_MS], 'the open call may have gone on until the end');
  await here.at(HOUR);
  const { comparison } = (await attemptsOf(runDir)).at(-1)!;
  assert.match(comparison!.explanations.join(), /3 calls of this run ended without token figures/);
});

test('a ledger of only calls without token counts is unknown, and a ledger without calls is 0', () => {
  const call = {
    step: 1,
    startedAt: 0,
    endedAt: 1,
    incomplete: false,
    wire: 'openai.chat',
    inputTokens: null,
    outputTokens: null,
    cacheReadTokens: null,
  };
  const unknown = { input_tokens: null, output_tokens: null, cached_tokens: null, api_calls: 1 };
  assert.deepEqual(ledgerTotals([{ ...call, use: 'unknown' }]), unknown);
  assert.deepEqual(ledgerTotals([{ ...call, use: 'none' }]), {
    input_tokens: 0,
    output_tokens: 0,
    cached_tokens: 0,
    api_calls: 0,
  });
  assert.equal(canBeBilledBy('anthropic', { ...call, use: 'none' }), true, 'an OpenAI-compatible endpoint');
  assert.equal(canBeBilledBy('openai', { ...call, use: 'none', wire: 'anthropic.messages' }), false);
});

test('a run whose attempts bypassed the proxy has no ledger to verify', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', unmetered: true, from: 0, to: 5 * MINUTE });
  here.server.record({ at: new Date(NOON + MINUTE), model: 'm', input: 500, output: 5 });
  await here.at(HOUR);
  const [result] = await here.at(2 * HOUR);
  assert.equal(result?.state, 'mismatch');
  const { comparison } = (await attemptsOf(runDir)).at(-1)!;
  assert.deepEqual([comparison?.ledger.input_tokens, comparison?.difference_percent], [null, null]);
  assert.match(comparison!.explanations.join(), /1 attempt bypassed the proxy/);
});

test('a call without an end lasts until the last record of the dead process, not until its recovery days later', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 10_000, ends: 'never' }], to: 40_000 });
  const day = 24 * HOUR;
  const record = {
    level: 'info',
    timestamp: new Date(NOON + day).toISOString(),
    module: 'm',
    component: 'run',
    run_id: 'one',
    framework: 'baes',
    step: null,
    event: 'run_recovered',
    message: '',
    metadata: { reason: 'died', killed: [], last_record_at: new Date(NOON + 40_000).toISOString() },
    seq: 1,
    writer: 'def456',
  };
  const log = join(runDir, 'logs/run.log');
  // Without what the sealing wrote, at the time of the test.
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line.includes('"timestamp":"2026-03-02'));
  await writeFile(log, `${[...lines, JSON.stringify(record)].join('\n')}\n`);
  await using source = await openRunDirectory(runDir, { sealed: null });
  const window = windowOf(await readLedger(source))!;
  assert.deepEqual([window.start - NOON, window.end - NOON], [0, 2 * MINUTE_MS]);
});

test('the start of a call whose start record is lost is its end minus its duration', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 10_000, lasts: 70_000 }] });
  const log = join(runDir, 'logs/step_001/metrics.log');
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => !line.includes('"event":"llm_call_start"'));
  await writeFile(log, lines.join('\n'));
  await using source = await openRunDirectory(runDir, { sealed: null });
  const { calls } = await readLedger(source);
  assert.deepEqual(
    calls.map(({ startedAt, endedAt }) => [startedAt - NOON, endedAt! - NOON]),
    [[10_000, 80_000]],
  );
});
