/** A fold can be asked at any moment; asking changes nothing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { RunSummary } from '../../../src/schema/index.ts';
import type { ReadItem } from '../../../src/store/index.ts';
import { createRunFold, foldRecords, type RecordedCall } from '../../../src/summary/index.ts';
import { CASES, longRun } from '../cases.ts';
import { Recording } from '../recording.ts';

const RUNS: readonly (readonly ReadItem[])[] = Object.values(CASES).map((make) => [...make().recording.items()]);

const DAMAGED = [1, 2, 3].map((line): ReadItem => {
  return { damaged: { file: 'logs/run.log', line, bytes: 7, reason: 'not JSON', torn: false } };
});

function foldOf(items: readonly ReadItem[]): RunSummary {
  const fold = createRunFold();
  for (const item of items) fold.push(item);
  return fold.snapshot();
}

/** One call that has ended and one that has not, of the same model. */
function runWithOpenCall(): Recording {
  const recording = new Recording().start(1).prepare().phaseStart('steps').stepStart(1).attemptStart(1, 1);
  recording.call({ step: 1, attempt: 1 });
  recording.callStart({ step: 1, attempt: 1 });
  return recording;
}

describe('snapshot', () => {
  test('an open call is counted once in each of several snapshots', () => {
    const fold = createRunFold();
    for (const item of runWithOpenCall().items()) fold.push(item);
    for (let asked = 0; asked < 3; asked += 1) {
      const { usage, models } = fold.snapshot();
      assert.deepEqual([usage.api_calls, usage.open_calls], [2, 1]);
      assert.deepEqual(
        models.map(({ model, api_calls, open_calls }) => [model, api_calls, open_calls]),
        [['gpt-4o-mini', 2, 1]],
      );
    }
  });

  test('a snapshot equals the fold of the records so far, and later records do not change it', async () => {
    for (const items of RUNS) {
      const asked = createRunFold();
      const said: { now: RunSummary; text: string }[] = [];
      for (const [index, item] of items.entries()) {
        asked.push(item);
        const now = asked.snapshot();
        assert.deepEqual(now, foldOf(items.slice(0, index + 1)));
        said.push({ now, text: JSON.stringify(now) });
      }
      assert.deepEqual(asked.snapshot(), await foldRecords(items));
      for (const { now, text } of said) assert.equal(JSON.stringify(now), text);
    }
  });

  test('property: earlier snapshots never change a later one, whatever the order of records', () => {
    fc.assert(
      fc.property(
        fc.nat(RUNS.length - 1).chain((run) => fc.shuffledSubarray([...(RUNS[run] ?? []), ...DAMAGED])),
        fc.infiniteStream(fc.boolean()),
        (items, asks) => {
          const fold = createRunFold();
          const said: { now: RunSummary; text: string }[] = [];
          for (const item of items) {
            fold.push(item);
            if (!asks.next().value) continue;
            fold.details();
            const now = fold.snapshot();
            said.push({ now, text: JSON.stringify(now) });
          }
          assert.deepEqual(fold.snapshot(), foldOf(items));
          for (const { now, text } of said) assert.equal(JSON.stringify(now), text);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a snapshot of 1,000 steps takes less than a display frame', () => {
    const fold = createRunFold();
    for (const item of longRun(1000).items()) fold.push(item);
    fold.snapshot();
    const before = performance.now();
    for (let asked = 0; asked < 10; asked += 1) fold.snapshot();
    const each = (performance.now() - before) / 10;
    // About 5 ms on an idle machine; with all the other tests beside it, some times that.
    assert.ok(each < 100, `${each} ms`);
  });
});

describe('details', () => {
  test('each call is reported once at its end, with the facts of its start; open calls are listed', () => {
    const calls: RecordedCall[] = [];
    const fold = createRunFold({ onCallEnd: (call) => calls.push(call) });
    for (const item of runWithOpenCall().items()) fold.push(item);
    const [ended] = calls;
    assert.equal(calls.length, 1);
    assert.deepEqual([ended?.step, (ended?.endedAt ?? 0) - (ended?.startedAt ?? 0), ended?.outcome?.outcome], [1, 3200, 'ok']);
    const { openCalls } = fold.details();
    assert.deepEqual(
      openCalls.map(({ step, endedAt, request, outcome }) => [step, endedAt, request.call_id, outcome]),
      [[1, null, 'call-0002', null]],
    );
  });

  test('a step waiting for its next attempt has the time of that attempt, and a step being validated is marked until the end', () => {
    const recording = new Recording().start(1).prepare().phaseStart('steps').stepStart(1).attemptStart(1, 1);
    recording.attemptEnd(1, 1, { status: 'failed', reason: 'exit_code' });
    recording.event('orchestrator', 'retry_scheduled', { next_attempt: 2, backoff_seconds: 5 }, 'Attempt 2 follows', { step: 1 });
    recording.wait(5).attemptStart(1, 2).attemptEnd(1, 2).stepEnd(1, 2, 9).validate(1, ['student']);
    const fold = createRunFold();
    const seen: string[] = [];
    for (const item of recording.items()) {
      fold.push(item);
      const { retryAt, validating } = fold.details();
      const { event = '', timestamp = '' } = 'record' in item ? item.record : {};
      const wait = retryAt.get(1);
      const state =
        wait !== undefined ? `retry in ${(wait - Date.parse(timestamp)) / 1000}` : validating.has(1) ? 'validating' : '';
      if (state !== (seen.at(-1) ?? ': ').split(': ')[1]) seen.push(`${event}: ${state}`);
    }
    assert.deepEqual(seen, ['retry_scheduled: retry in 5', 'attempt_start: ', 'artifact_check: validating', 'validation_end: ']);
  });

  test('a recovered run ended with its own process and has nothing pending', () => {
    const fold = createRunFold();
    for (const item of CASES['crashed-recovered']?.().recording.items() ?? []) fold.push(item);
    // A torn line was isolated, and recorded, before the recovery said so.
    assert.equal(fold.details().lastOwnRecordAt, '2026-11-22T14:15:15.900Z');
    const recording = new Recording().start(1).prepare().phaseStart('steps').stepStart(1).attemptStart(1, 1);
    recording.event('orchestrator', 'retry_scheduled', { next_attempt: 2, backoff_seconds: 5 }, '', { step: 1 });
    recording.event('validator', 'artifact_check', { name: 'a', ok: true, detail: '' }, '', { step: 1 });
    const cutOff = createRunFold();
    for (const item of recording.items()) cutOff.push(item);
    assert.deepEqual([cutOff.details().validating.size, cutOff.details().retryAt.size], [1, 1]);
    const recovered = { reason: 'it was gone', killed: [], last_record_at: null };
    recording.event('orchestrator', 'run_recovered', recovered, '');
    const [last] = [...recording.items()].slice(-1);
    if (last !== undefined) cutOff.push(last);
    assert.equal(cutOff.snapshot().status, 'crashed');
    assert.deepEqual([cutOff.details().validating.size, cutOff.details().retryAt.size], [0, 0]);
  });
});
