/** Where settings and the admin key come from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcileRuns } from '../../src/reconcile/index.ts';
import { attemptsOf, HOUR, MINUTE, NOON, createFixture } from './sealed-runs.ts';

test('environment settings override the run’s configuration, and invalid values are rejected', async () => {
  await using here = await createFixture();
  const runDir = await here.make({
    id: 'one',
    calls: [{ at: 0 }],
    reconciliation: { required_readings: 3, interval_minutes: 5 },
  });
  const env = {
    ...here.env,
    RECONCILIATION_VERIFICATION_INTERVAL_MIN: '30',
    RECONCILIATION_MIN_STABLE_VERIFICATIONS: '1',
  };
  assert.equal((await here.at(HOUR))[0]?.nextAttemptAt, new Date(NOON + HOUR + 5 * MINUTE).toISOString());
  const [result] = await here.at(HOUR + 6 * MINUTE, { env });
  assert.equal(result?.state, 'verified', 'one reading is now enough');
  assert.deepEqual(
    (await attemptsOf(runDir)).map(({ settings }) => [settings.required_readings, settings.interval_minutes]),
    [
      [3, 5],
      [1, 30],
    ],
  );
  for (const [name, value] of [
    ['RECONCILIATION_VERIFICATION_INTERVAL_MIN', 'soon'],
    ['RECONCILIATION_MIN_STABLE_VERIFICATIONS', '0'],
    ['RECONCILIATION_MIN_STABLE_VERIFICATIONS', '1.5'],
  ] as const) {
    const wrong = reconcileRuns({ runsDir: here.runsDir, env: { ...here.env, [name]: value } });
    await assert.rejects(wrong, { code: 'CONFIG_INVALID', message: new RegExp(`${name}: .* is "${value}"`) });
  }
  await assert.rejects(reconcileRuns({ runsDir: here.runsDir, minAgeMinutes: -1 }), {
    code: 'CONFIG_INVALID',
    message: /minAgeMinutes: .* is -1/,
  });
});

test('the original system’s variable names for the admin key are accepted', async () => {
  await using here = await createFixture();
  await here.make({ id: 'one', calls: [{ at: 0 }] });
  for (const name of ['OPEN_AI_KEY_ADM', 'OPENAI_API_KEY_USAGE_TRACKING']) {
    assert.equal((await here.at(HOUR, { env: { [name]: here.server.adminKey } }))[0]?.action, 'read', name);
  }
});
