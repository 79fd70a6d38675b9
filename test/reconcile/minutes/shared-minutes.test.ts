/** MinuteRange shared with other runs: the figures add up exactly, whoever shares them and however the provider picks a call's minute. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UsageBucket } from '../../../src/reconcile/api/usage-api.ts';
import { compareUsage } from '../../../src/reconcile/verdict/comparison.ts';
import { ledgerTotals } from '../../../src/reconcile/totals.ts';
import type { LedgerCall, RunLedger, RunUsageApi } from '../../../src/reconcile/ledger.ts';
import { providerMinutes, readingOf, sharedMinutes } from '../../../src/reconcile/minutes/reading.ts';
import { visibilityOf, joinMinutes, type OverlappingRun } from '../../../src/reconcile/minutes/shared-minutes.ts';
import {
  INCOMPLETE_MARGIN_MS,
  CLOCK_MARGIN_MS,
  MINUTE_MS,
  windowOf,
  type MinuteRange,
} from '../../../src/reconcile/minutes/window.ts';

const API: RunUsageApi = { provider: 'openai', api_key_id: null, project_id: null, workspace_id: null };

interface Made extends LedgerCall {
  /** When the provider books it: between its begin and its end, or as far from them as its clock may be from ours. */
  readonly bookedAt: number;
}

const call = fc
  .record({
    startedAt: fc.integer({ min: 0, max: 25 * MINUTE_MS }),
    lasts: fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 3 * MINUTE_MS })),
    input: fc.integer({ min: 1, max: 100_000 }),
    output: fc.integer({ min: 0, max: 10_000 }),
    share: fc.constantFrom(0, 1, 0.5),
    skew: fc.integer({ min: -CLOCK_MARGIN_MS, max: CLOCK_MARGIN_MS }),
    bookedLate: fc.option(fc.integer({ min: 0, max: INCOMPLETE_MARGIN_MS }), { nil: null }),
  })
  .map(({ startedAt, lasts, input, output, share, skew, bookedLate }): Made => ({
    step: 1,
    startedAt,
    endedAt: startedAt + lasts,
    bookedAt: bookedLate === null ? startedAt + Math.round(lasts * share) + skew : startedAt + lasts + bookedLate,
    incomplete: bookedLate !== null,
    wire: 'openai.chat',
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens: 0,
    use: 'known',
  }));

function ledgerOf(calls: readonly LedgerCall[]): RunLedger {
  return { start: { at: 0, usageApi: API, rehearsal: false, replay: false }, endedAt: 30 * MINUTE_MS, calls };
}

function bucketsOf(
  minutes: MinuteRange,
  used: readonly (Pick<LedgerCall, 'inputTokens' | 'outputTokens'> & { bookedAt: number })[],
): UsageBucket[] {
  const buckets: UsageBucket[] = [];
  for (let start = minutes.start; start < minutes.end; start += MINUTE_MS) {
    const rows = used
      .filter(({ bookedAt }) => bookedAt >= start && bookedAt < start + MINUTE_MS)
      .map(({ inputTokens, outputTokens }) => ({
        model: 'm',
        api_key_id: null,
        report: 'completions' as const,
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        cached_tokens: 0,
        api_calls: 1,
      }));
    buckets.push({ start: new Date(start).toISOString(), end: new Date(start + MINUTE_MS).toISOString(), rows });
  }
  return buckets;
}

test('property: the joint minutes contain exactly the joint calls, and any missing usage shows in full', () => {
  const runs = fc.array(fc.array(call, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });
  const beside = fc.option(fc.record({ minute: fc.nat(), input: fc.integer({ min: 1, max: 5000 }) }), { nil: null });
  let sharedOnes = 0;
  fc.assert(
    fc.property(runs, beside, (made, foreign) => {
      const ledgers = made.map((calls) => ledgerOf(calls.toSorted((a, b) => a.startedAt - b.startedAt)));
      const booked = made.flat();
      for (const [index, ledger] of ledgers.entries()) {
        const others = ledgers
          .filter((other) => other !== ledger)
          .map((other, at): OverlappingRun => ({ framework: 'f', runId: String(at), visibility: 'certain', ledger: other }));
        const window = windowOf(ledger)!;
        const joint = joinMinutes(window, others);
        const minutes = (joint.minutes.end - joint.minutes.start) / MINUTE_MS;
        const extra =
          foreign === null
            ? []
            : [
                {
                  bookedAt: joint.minutes.start + (foreign.minute % minutes) * MINUTE_MS,
                  inputTokens: foreign.input,
                  outputTokens: 0,
                },
              ];
        const buckets = bucketsOf(joint.minutes, [...booked, ...extra]);
        const all = joint.shared.flatMap((one) => one.calls);
        if (all.length > 0) sharedOnes += 1;
        const own = ledgerTotals(ledger.calls);
        const { difference, within_threshold } = compareUsage({
          claim: null,
          ledger: own,
          joint: all.length === 0 ? null : ledgerTotals([...ledger.calls, ...all]),
          provider: providerMinutes(buckets).sum(() => true),
          thresholdPercent: 1,
        });
        assert.deepEqual([difference.input_tokens, difference.output_tokens], [foreign?.input ?? 0, 0], `run ${index}`);
        assert.equal(within_threshold, (foreign?.input ?? 0) <= own.input_tokens! / 100);

        const sharedStarts = sharedMinutes(joint, buckets, false);
        const reading = readingOf({ fetchedAt: '', buckets, window, joint, sharedStarts, cost: null });
        const sum = own.input_tokens!;
        if (foreign === null) {
          assert.ok(reading.own.input_tokens! <= sum && sum <= reading.total.input_tokens!, 'the ledger lies within the bound');
        }
        if (reading.shared_minutes === 0) assert.deepEqual(reading.own, reading.total);
        assert.equal(reading.shared_with.length > 0, reading.shared_minutes > 0);
        assert.ok([...sharedStarts].every((at) => at >= joint.minutes.start && at < joint.minutes.end));
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(sharedOnes > 100, 'the runs did share minutes');
});

test('the window grows to include calls that cross its boundaries, and no further', () => {
  const at = (minute: number, second: number, lasts: number): LedgerCall => {
    const startedAt = minute * MINUTE_MS + second * 1000;
    return {
      step: 1,
      startedAt,
      endedAt: startedAt + lasts * 1000,
      incomplete: false,
      wire: 'openai.chat',
      inputTokens: 1,
      outputTokens: 1,
      cacheReadTokens: 0,
      use: 'known',
    };
  };
  const otherRun = (runId: string, calls: LedgerCall[]): OverlappingRun => ({
    framework: 'f',
    runId,
    visibility: 'certain',
    ledger: ledgerOf(calls),
  });
  const own = ledgerOf([at(10, 10, 5), at(12, 40, 5)]);
  const window = windowOf(own)!;
  assert.deepEqual(window, { start: 10 * MINUTE_MS, end: 13 * MINUTE_MS });
  // The last second of the first is within the margin of the next minute.
  const crossing = otherRun('crossing', [at(12, 50, 6), at(13, 30, 1), at(20, 10, 1)]);
  const chained = otherRun('chained', [at(13, 40, 40), at(15, 10, 1)]);
  const apart = otherRun('apart', [at(9, 50, 4), at(15, 5, 1)]);
  const refused = otherRun('refused', [{ ...at(12, 55, 300), inputTokens: null, outputTokens: null, use: 'none' }]);
  const joint = joinMinutes(window, [crossing, chained, apart, refused]);
  assert.deepEqual(joint.minutes, { start: 10 * MINUTE_MS, end: 15 * MINUTE_MS });
  assert.deepEqual(
    joint.shared.map(({ other, calls }) => [other.runId, calls.length]),
    [
      ['crossing', 2],
      ['chained', 1],
    ],
  );
});

test('a call near a minute boundary may be booked in either minute, and a broken call one minute later', () => {
  const windowOfCall = (startedAt: number, endedAt: number | null, incomplete = false): [number, number] => {
    const call = {
      step: 1,
      startedAt,
      endedAt,
      incomplete,
      wire: 'openai.chat',
      inputTokens: 1,
      outputTokens: 1,
      cacheReadTokens: 0,
    };
    const { start, end } = windowOf({ ...ledgerOf([{ ...call, use: 'known' }]), endedAt: 10 * MINUTE_MS })!;
    return [start / MINUTE_MS, end / MINUTE_MS];
  };
  assert.deepEqual(windowOfCall(65_000, 114_999), [1, 2]);
  assert.deepEqual(windowOfCall(65_000, 115_000), [1, 3]);
  assert.deepEqual(windowOfCall(64_999, 114_999), [0, 2]);
  assert.deepEqual(windowOfCall(65_000, 70_000, true), [1, 3]);
  assert.deepEqual(windowOfCall(65_000, null, true), [1, 12], 'one without an end may have gone on until that of the run');
});

test('a filter includes the calls of runs with the same key, project or workspace', () => {
  const named = (changed: Partial<RunUsageApi>): RunUsageApi => ({ ...API, ...changed });
  assert.equal(visibilityOf(API, named({ api_key_id: 'a', project_id: 'p' })), 'certain', 'without a filter everything is in');
  assert.equal(visibilityOf(named({ api_key_id: 'a' }), named({ api_key_id: 'a' })), 'certain');
  assert.equal(visibilityOf(named({ api_key_id: 'a' }), named({ api_key_id: 'b' })), null);
  assert.equal(visibilityOf(named({ project_id: 'p' }), named({ project_id: 'p', api_key_id: 'b' })), 'certain');
  assert.equal(visibilityOf(named({ project_id: 'p', api_key_id: 'a' }), named({ project_id: 'p' })), 'possible');
  assert.equal(visibilityOf(named({ project_id: 'p', api_key_id: 'a' }), named({ project_id: 'q' })), null);
  assert.equal(visibilityOf(API, named({ provider: 'anthropic' })), null);
});
