/** The N-check: what counts, what settles, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareUsage } from '../../../src/reconcile/verdict/comparison.ts';
import { verdictOf, type Verdict, type Outcome } from '../../../src/reconcile/verdict/verdict.ts';
import type {
  ProviderReading,
  ReconciliationAttempt,
  ReconciliationSettings,
  UsageFigures,
  UsageFilter,
  UsageWindow,
} from '../../../src/schema/index.ts';

const DAY = '2026-03-02';
const SETTINGS: ReconciliationSettings = { required_readings: 2, interval_minutes: 60, threshold_percent: 1, max_age_hours: 168 };
const LEDGER = figures(1000, 100);
const FILTER = { api_key_id: null, project_id: null, workspace_id: null };
const WINDOW = { start: `${DAY}T11:00:00.000Z`, end: `${DAY}T11:10:00.000Z`, minutes: 10 };

function figures(input: number | null, output: number | null): UsageFigures {
  return { input_tokens: input, output_tokens: output, cached_tokens: 0, api_calls: 1 };
}

interface AttemptSpec {
  /** `11:47:50`, or a whole time. Null: the attempt failed. */
  at: string | null;
  provider?: UsageFigures;
  ledger?: UsageFigures;
  settings?: Partial<ReconciliationSettings>;
  ageHours?: number;
  filter?: Partial<UsageFilter>;
  window?: UsageWindow;
  /** Of the run's window, where that is not all that was compared. */
  total?: UsageFigures;
  joint?: UsageFigures;
}

/** Plays attempts one after another, each judged on those before it. */
function verdictsOf(told: readonly AttemptSpec[]): (Verdict & { attempt: ReconciliationAttempt })[] {
  const attempts: ReconciliationAttempt[] = [];
  const judged: (Verdict & { attempt: ReconciliationAttempt })[] = [];
  for (const one of told) {
    const { at, provider = LEDGER, ledger = LEDGER, joint = null, settings: changed, ageHours = 1 } = one;
    const settings = { ...SETTINGS, ...changed };
    const filter = { ...FILTER, ...one.filter };
    const query = { provider: 'openai' as const, filter, window: one.window ?? WINDOW };
    const fetched_at = at === null ? '' : at.includes('T') ? at : `${DAY}T${at}.000Z`;
    const reading: ProviderReading = {
      fetched_at,
      total: one.total ?? provider,
      own: provider,
      minutes_with_usage: 1,
      shared_minutes: 0,
      shared_with: [],
      api_keys: 1,
      models: [],
      cost: null,
    };
    const compared = compareUsage({ claim: null, ledger, joint, provider, thresholdPercent: settings.threshold_percent });
    const outcome: Outcome =
      at === null
        ? { kind: 'failed', reason: 'The provider answered 500.' }
        : { kind: 'reading', reading, comparison: { ...compared, explanations: [] } };
    const judgment = verdictOf({ earlier: attempts, query, outcome, settings, ageHours });
    const { counts: _, ...rest } = judgment;
    const attempt: ReconciliationAttempt = {
      attempt: attempts.length + 1,
      ...query,
      settings,
      reading: at === null ? null : reading,
      steps: [],
      ...rest,
    };
    attempts.push(attempt);
    judged.push({ ...judgment, attempt });
  }
  return judged;
}

const states = (told: readonly AttemptSpec[]): string[] => verdictsOf(told).map(({ state }) => state);
const attemptsAt = (...times: (string | null)[]): AttemptSpec[] => times.map((time) => ({ at: time }));

test('the readings with which the original system verified run 23f46f6b do not verify it here', () => {
  const judged = verdictsOf(attemptsAt('11:47:50', '12:24:49', '12:24:55'));
  assert.deepEqual(
    judged.map(({ state, equal_readings, counts }) => [state, equal_readings, counts]),
    [
      ['provisional', 1, true],
      ['provisional', 1, false],
      ['provisional', 1, false],
    ],
  );
  assert.match(judged[2]!.reason, /37 minutes after the last counted one, less than the interval of 60, so it does not count/);
});

test('attempts every ten minutes still reach verified: readings within the interval neither count nor reset', () => {
  const every = ['12:00:00', '12:10:00', '12:20:00', '12:30:00', '12:40:00', '12:50:00', '13:00:00'];
  const judged = verdictsOf(attemptsAt(...every));
  assert.deepEqual(
    judged.map(({ counts }) => counts),
    [true, false, false, false, false, false, true],
  );
  assert.deepEqual([judged[6]!.state, judged[6]!.equal_readings], ['verified', 2]);
  assert.equal(judged[6]!.first_equal_at, `${DAY}T12:00:00.000Z`);
});

test('required_readings is the number of equal readings', () => {
  for (const required_readings of [1, 2, 3, 5]) {
    const told = Array.from({ length: required_readings }, (_, index) => ({
      at: `${DAY}T${10 + index}:00:00.000Z`,
      settings: { required_readings },
    }));
    const expected = [...Array.from({ length: required_readings - 1 }, () => 'provisional'), 'verified'];
    assert.deepEqual(states(told), expected);
  }
});

test('a different counted reading restarts the count, and a different uncounted one does not', () => {
  const other = figures(1001, 100);
  assert.deepEqual(
    verdictsOf([{ at: '10:00:00' }, { at: '11:00:00', provider: other }, { at: '12:00:00', provider: other }]).map(
      (one) => one.equal_readings,
    ),
    [1, 1, 2],
  );
  const between = verdictsOf([{ at: '10:00:00' }, { at: '10:30:00', provider: other }, { at: '11:00:00' }]);
  assert.deepEqual([between[2]!.state, between[2]!.equal_readings], ['verified', 2]);
  assert.match(between[1]!.reason, /grew by \+1 input tokens/);
});

test('the threshold applies to input and output separately, relative to this run’s own ledger', () => {
  const twice = (provider: UsageFigures, ledger = LEDGER): string | undefined =>
    states([
      { at: '10:00:00', provider, ledger },
      { at: '11:00:00', provider, ledger },
    ])[1];
  assert.equal(twice(figures(1010, 101)), 'verified');
  assert.equal(twice(figures(1011, 100)), 'mismatch');
  assert.equal(twice(figures(990, 99)), 'verified');
  assert.equal(twice(figures(1000, 98)), 'mismatch');
  assert.equal(twice(figures(1, 0), figures(0, 0)), 'mismatch', 'something against nothing');
  assert.equal(twice(figures(0, 0), figures(0, 0)), 'verified', 'nothing against nothing');
  assert.equal(twice(figures(5, 5), figures(null, null)), 'mismatch', 'what was not measured cannot be verified');
});

test('empty readings and readings with unknown figures do not settle a run', () => {
  const none = figures(0, 0);
  const judged = verdictsOf(['10:00:00', '11:00:00', '12:00:00'].map((time) => ({ at: time, provider: none })));
  assert.deepEqual(
    judged.map(({ state, equal_readings, comparison }) => [state, equal_readings, comparison]),
    Array.from({ length: 3 }, () => ['pending', 0, null]),
  );
  const quiet = { ledger: none, joint: LEDGER, provider: none };
  assert.deepEqual(
    states(['10:00:00', '11:00:00'].map((time) => ({ at: time, ...quiet }))),
    ['pending', 'pending'],
    'a run without calls waits for the figures of those that share its minutes',
  );
  const then = verdictsOf([{ at: '10:00:00', provider: none }, { at: '11:00:00' }, { at: '12:00:00' }]);
  assert.deepEqual(
    then.map(({ state, equal_readings }) => [state, equal_readings]),
    [
      ['pending', 0],
      ['provisional', 1],
      ['verified', 2],
    ],
  );
  const unknown = figures(null, 100);
  assert.deepEqual(states(['10:00:00', '11:00:00', '12:00:00'].map((time) => ({ at: time, provider: unknown }))), [
    'pending',
    'pending',
    'pending',
  ]);
});

test('the maximum age settles a run without changing its state', () => {
  const none = figures(0, 0);
  const old = 200;
  assert.deepEqual(
    verdictsOf([{ at: '10:00:00', provider: none, ageHours: old }]).map(({ state, waiting_ended }) => [state, waiting_ended]),
    [['unavailable', true]],
  );
  const twice = verdictsOf([
    { at: '10:00:00', provider: none, ageHours: 1 },
    { at: '11:00:00', provider: none, ageHours: old },
  ]);
  assert.deepEqual([twice[1]!.state, twice[1]!.waiting_ended, twice[1]!.equal_readings], ['mismatch', false, 2]);
  assert.equal(twice[1]!.comparison?.difference_percent, 100);
  const one = verdictsOf([{ at: '10:00:00', ageHours: old }]);
  assert.deepEqual([one[0]!.state, one[0]!.waiting_ended], ['provisional', true]);
  const both = verdictsOf([{ at: '10:00:00' }, { at: '11:00:00', ageHours: old }]);
  assert.deepEqual([both[1]!.state, both[1]!.waiting_ended], ['verified', false]);
});

test('a failed attempt keeps the earlier readings and the settled state', () => {
  const judged = verdictsOf(attemptsAt('10:00:00', null, '11:00:00', null));
  assert.deepEqual(
    judged.map(({ state, equal_readings }) => [state, equal_readings]),
    [
      ['provisional', 1],
      ['unavailable', 1],
      ['verified', 2],
      ['verified', 2],
    ],
  );
  assert.match(judged[3]!.reason, /answered 500\. The earlier result is kept/);
  assert.equal(judged[3]!.verified_at, judged[2]!.verified_at);
  assert.deepEqual(judged[1]!.comparison, judged[0]!.comparison);
  const old = verdictsOf([
    { at: '10:00:00', ageHours: 200 },
    { at: null, ageHours: 201 },
  ]);
  assert.deepEqual([old[1]!.state, old[1]!.waiting_ended], ['unavailable', true], 'it is not waited for anew');
});

test('a settled run that is read again gets a new verdict', () => {
  const judged = verdictsOf([
    { at: '10:00:00' },
    { at: '11:00:00' },
    { at: '11:10:00', provider: figures(2000, 100) },
    { at: '12:00:00', provider: figures(2000, 100) },
    { at: '13:00:00', provider: figures(2000, 100) },
  ]);
  assert.deepEqual(
    judged.map(({ state, verified_at }) => [state, verified_at?.slice(11, 16) ?? null]),
    [
      ['provisional', null],
      ['verified', '11:00'],
      ['verified', '11:00'],
      ['provisional', null],
      ['mismatch', null],
    ],
  );
});

test('a reading with another filter or window restarts the count', () => {
  const window = { ...WINDOW, end: `${DAY}T11:11:00.000Z`, minutes: 11 };
  const changes: Pick<AttemptSpec, 'filter' | 'window'>[] = [
    { filter: { project_id: 'p' } },
    { filter: { api_key_id: 'k' } },
    { filter: { workspace_id: 'w' } },
    { window },
  ];
  for (const changed of changes) {
    const judged = verdictsOf([
      { at: '10:00:00' },
      { at: '11:00:00', ...changed },
      { at: '12:00:00', ...changed },
      { at: '13:00:00' },
      { at: '14:00:00' },
    ]);
    assert.deepEqual(
      judged.map(({ state, equal_readings }) => `${state} ${equal_readings}`),
      ['provisional 1', 'provisional 1', 'verified 2', 'provisional 1', 'verified 2'],
      JSON.stringify(changed),
    );
    assert.match(judged[1]!.reason, /used another filter or window/);
  }
});

test('readings are equal only when the run’s window, the joint window and the sharing runs are equal', () => {
  const twice = (first: Partial<AttemptSpec>, second: Partial<AttemptSpec>): number =>
    verdictsOf([
      { at: '10:00:00', ...first },
      { at: '11:00:00', ...second },
    ])[1]!.equal_readings;
  const provider = figures(3000, 300);
  const joint = figures(3000, 300);
  assert.equal(twice({ provider, joint }, { provider, joint }), 2);
  assert.equal(twice({ provider, joint, total: figures(1000, 100) }, { provider, joint, total: figures(2000, 200) }), 1);
  assert.equal(twice({ provider, joint }, { provider, joint: figures(3001, 300) }), 1, 'another run was found');
  assert.equal(twice({ provider }, { provider: { ...provider, cached_tokens: 1 } }), 1);
});

test('property: verified exactly when the last N readings an interval apart are equal and within the threshold', () => {
  const reading = fc.record({
    minutes: fc.integer({ min: 1, max: 90 }),
    input: fc.constantFrom(1000, 1005, 1200),
    fails: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 4 }), (readings, required) => {
      let clock = Date.parse(`${DAY}T00:00:00.000Z`);
      const told = readings.map(({ minutes, input, fails }): AttemptSpec => {
        clock += minutes * 60_000;
        const settings = { required_readings: required };
        return { at: fails ? null : new Date(clock).toISOString(), provider: figures(input, 100), settings };
      });
      // Told in another way: keep what is an interval after the last kept, then look back.
      const kept: { at: number; input: number }[] = [];
      let settled = false;
      for (const [index, { state }] of verdictsOf(told).entries()) {
        const { at: time, provider } = told[index]!;
        if (time !== null && (kept.length === 0 || Date.parse(time) - kept.at(-1)!.at >= 3_600_000)) {
          kept.push({ at: Date.parse(time), input: provider!.input_tokens! });
        }
        const lastN = kept.slice(-required);
        const isEqual = lastN.length === required && lastN.every(({ input }) => input === lastN[0]!.input);
        if (time !== null) settled = isEqual;
        const expected: string = settled
          ? kept.at(-1)!.input <= 1010
            ? 'verified'
            : 'mismatch'
          : time === null
            ? 'unavailable'
            : 'provisional';
        assert.equal(state, expected);
      }
    }),
    { numRuns: 500 },
  );
});
