/** Round after round, on simulated time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchRuns, type WatchRound } from '../../src/reconcile/index.ts';
import { attemptsOf, differences, HOUR, MINUTE, NOON, createFixture } from './sealed-runs.ts';

test('watching continues until every run is settled and reads only when a reading counts', async () => {
  await using here = await createFixture({ delayMs: 100 * MINUTE });
  const first = await here.make({ id: 'first', calls: [{ at: 0 }] });
  await here.make({ id: 'second', calls: [{ at: 20 * MINUTE, booked: false }] });
  let now = NOON + 25 * MINUTE;
  const rounds: WatchRound[] = [];
  const { results } = await watchRuns({
    runsDir: here.runsDir,
    env: here.env,
    maxAgeHours: 6,
    now: () => new Date(now),
    wait: async (ms) => {
      now += ms;
      here.server.setNow(new Date(now));
    },
    onRound: (round) => rounds.push(round),
  });
  assert.deepEqual(
    results.map(({ runId, state, settled }) => [runId, state, settled]),
    [
      ['first', 'verified', true],
      ['second', 'mismatch', true],
    ],
  );
  assert.equal(rounds.at(-1)?.nextRoundAt, null);
  assert.ok(rounds.length < 20, `${rounds.length} rounds`);
  const attempts = await attemptsOf(first);
  assert.deepEqual([attempts.length, attempts.at(-1)?.equal_readings], [4, 2], 'nothing, nothing, then twice the same');
  assert.deepEqual(await differences(first), []);
});

test('watching with an interval of 0 waits at least a minute between rounds', async () => {
  await using here = await createFixture();
  await here.make({ id: 'one', calls: [{ at: 10_000 }], reconciliation: { interval_minutes: 0, required_readings: 3 } });
  let now = NOON + HOUR;
  here.server.setNow(new Date(now));
  const pauses: number[] = [];
  const { results } = await watchRuns({
    runsDir: here.runsDir,
    env: here.env,
    now: () => new Date(now),
    wait: async (ms) => {
      pauses.push(ms);
      now += ms;
      here.server.setNow(new Date(now));
    },
  });
  assert.equal(results[0]?.state, 'verified');
  assert.deepEqual(pauses, [MINUTE, MINUTE]);
});

test('watching ends when a run needs action by the user, and when it is aborted', async () => {
  await using here = await createFixture();
  await here.make({ id: 'one', calls: [{ at: 0 }] });
  const now = (): Date => new Date(NOON + HOUR);
  here.server.setNow(now());
  const { results } = await watchRuns({ runsDir: here.runsDir, env: {}, now });
  assert.equal(results[0]?.state, 'unavailable');
  const abort = new AbortController();
  const ended = await watchRuns({
    runsDir: here.runsDir,
    env: here.env,
    now,
    signal: abort.signal,
    onRound: () => abort.abort(),
  });
  assert.equal(ended.results[0]?.state, 'provisional');
});
