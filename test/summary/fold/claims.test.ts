/** What the framework said of its use stands beside the measurement, for the same attempts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventMetadata } from '../../../src/schema/index.ts';
import { computeMetrics, foldRecords, renderText } from '../../../src/summary/index.ts';
import { Recording } from '../recording.ts';

type Claim = EventMetadata<'attempt_end'>['claimed_usage'];

/** A run whose attempts make one call of 1,000 tokens in and 250 out each, or none, and claim something. */
async function summaryOfClaims(...attempts: readonly { claim: Claim; calls?: number; metered?: boolean }[]) {
  const recording = new Recording().start(1).prepare().phaseStart('steps').stepStart(1);
  for (const [index, { claim, calls = 1, metered = true }] of attempts.entries()) {
    const attempt = index + 1;
    recording.attemptStart(1, attempt, metered);
    for (let call = 0; call < calls; call += 1) recording.call({ step: 1, attempt });
    recording.attemptEnd(1, attempt, { claimed_usage: claim, duration_seconds: 1 });
  }
  return foldRecords(recording.items());
}

const claimOf = (input: number | null, output: number | null, calls: number | null = null): Claim => ({
  input_tokens: input,
  output_tokens: output,
  calls,
});

test('a run without claims has null claims and prints none', async () => {
  const summary = await summaryOfClaims({ claim: null });
  assert.equal(summary.claimed_usage, null);
  assert.equal(summary.steps[0]?.claimed_usage, null);
  assert.doesNotMatch(renderText(summary, null), /Claimed/);
});

test('a claim is compared with the measurement of the attempts that made it', async () => {
  const summary = await summaryOfClaims({ claim: claimOf(1000, 250, 1) }, { claim: null });
  assert.deepEqual(summary.claimed_usage, {
    input_tokens: 1000,
    output_tokens: 250,
    calls: 1,
    partial: true,
    difference_percent: 0,
  });
  assert.equal(summary.usage.tokens_in, 2000, 'a claim is in no measurement');
  assert.doesNotMatch(renderText(summary, null), /Claimed/);
});

test('a difference above one percent is printed, a smaller one is not', async () => {
  const small = await summaryOfClaims({ claim: claimOf(1010, 250) });
  assert.equal(small.claimed_usage?.difference_percent, 1);
  assert.doesNotMatch(renderText(small, null), /Claimed/);
  const large = await summaryOfClaims({ claim: claimOf(1000, 255) });
  assert.equal(large.claimed_usage?.difference_percent, 2);
  assert.match(renderText(large, null), /^ {2}- Claimed by the framework: 1000 \/ 255 \/ 1255, 2\.0% off$/m);
});

test('a figure that only some attempts state makes the sum partial', async () => {
  const summary = await summaryOfClaims({ claim: claimOf(1000, null) }, { claim: claimOf(1000, 200) });
  assert.deepEqual(summary.claimed_usage, {
    input_tokens: 2000,
    output_tokens: 200,
    calls: null,
    partial: true,
    difference_percent: 20,
  });
});

test('a claim differs by 100 % when nothing was used, and is not compared when nothing was measured', async () => {
  const unused = await summaryOfClaims({ claim: claimOf(500, 5), calls: 0 });
  assert.equal(unused.claimed_usage?.difference_percent, 100);
  const unmetered = await summaryOfClaims({ claim: claimOf(500, 5), calls: 0, metered: false });
  assert.equal(unmetered.claimed_usage?.difference_percent, null);
  assert.match(renderText(unmetered, null), /^ {2}- Claimed by the framework: 500 \/ 5 \/ 505$/m);
});

test('metrics.json has the claims of the run, of each step and of each attempt', async () => {
  const metrics = computeMetrics(await summaryOfClaims({ claim: claimOf(1, 2, 3) }, { claim: claimOf(10, 20, 30) }));
  const sum = { input_tokens: 11, output_tokens: 22, calls: 33 };
  assert.partialDeepStrictEqual(metrics.claimed_usage, sum);
  assert.partialDeepStrictEqual(metrics.steps[0]?.claimed_usage, sum);
  assert.deepEqual(
    metrics.steps[0]?.attempts.map((attempt) => attempt.claimed_usage),
    [claimOf(1, 2, 3), claimOf(10, 20, 30)],
  );
});
