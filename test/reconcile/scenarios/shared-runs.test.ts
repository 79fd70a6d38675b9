/** Runs that share minutes, on disk and against the usage server. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { CLOCK_MARGIN_MS } from '../../../src/reconcile/minutes/window.ts';
import { currentProcess, LEASE_FILE } from '../../../src/store/index.ts';
import {
  attemptsOf,
  differences,
  HOUR,
  MINUTE,
  NOON,
  createFixture,
  type CallSpec,
  type ReconcileFixture,
} from '../sealed-runs.ts';

async function statesAfterTwoReadings(here: ReconcileFixture, from = HOUR): Promise<Map<string, string>> {
  await here.at(from);
  const results = await here.at(from + HOUR);
  return new Map(results.map(({ runId, state }) => [runId, state]));
}

test('concurrent runs are verified together, and the usage of each is a bound', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 0 }, { at: 3 * MINUTE, input: 400 }] });
  await here.make({
    framework: 'chatdev',
    id: 'b',
    calls: [
      { at: 20_000, input: 70 },
      { at: MINUTE, input: 5 },
    ],
  });
  assert.deepEqual(Object.fromEntries(await statesAfterTwoReadings(here)), { a: 'verified', b: 'verified' });
  const { reading, comparison } = (await attemptsOf(a)).at(-1)!;
  assert.deepEqual([reading?.own.input_tokens, reading?.total.input_tokens, reading?.shared_minutes], [400, 1475, 2]);
  assert.deepEqual(reading?.shared_with, [{ framework: 'chatdev', run_id: 'b' }]);
  assert.deepEqual([comparison?.ledger.input_tokens, comparison?.joint_ledger?.input_tokens], [1400, 1475]);
  assert.deepEqual(await differences(a), []);
});

test('a small clock difference does not change a verified run', async () => {
  await using here = await createFixture();
  await here.make({ id: 'ahead', calls: [{ at: 50_000, lasts: 6000, skew: 5000 }] });
  await here.make({ id: 'behind', calls: [{ at: HOUR + 3 * MINUTE + 2000, lasts: 500, skew: -4000 }] });
  assert.deepEqual(Object.fromEntries(await statesAfterTwoReadings(here, 4 * HOUR)), { ahead: 'verified', behind: 'verified' });
});

test('a broken call billed a minute later falls into the minutes of the next run, which the explanation says', async () => {
  await using here = await createFixture();
  const aborted = { at: 30_000, ends: 'aborted' as const, booked: true, input: 900, output: 0, skew: 58_000 };
  await here.make({ id: 'aborted', calls: [{ at: 10_000, input: 100_000 }, aborted], to: 32_000 });
  const next = await here.make({ id: 'next', from: 90_000, calls: [{ at: 91_000, input: 2000 }] });
  assert.deepEqual(Object.fromEntries(await statesAfterTwoReadings(here)), { aborted: 'verified', next: 'mismatch' });
  const { reading, comparison } = (await attemptsOf(next)).at(-1)!;
  assert.deepEqual(reading?.shared_with, [{ framework: 'baes', run_id: 'aborted' }]);
  assert.match(comparison!.explanations.join(), /1 call of the runs that share its minutes ended without token figures/);
});

test('a run that started after this one’s last minute is included when the window has grown that far', async () => {
  await using here = await createFixture({ attribution: 'start' });
  const a = await here.make({ id: 'a', calls: [{ at: 10_000 }], to: 12_000 });
  await here.make({ id: 'b', calls: [{ at: 30_000, lasts: 60_000, input: 20 }] });
  await here.make({ id: 'c', calls: [{ at: 80_000, lasts: 60_000, input: 3000 }], from: 79_000 });
  assert.deepEqual(Object.fromEntries(await statesAfterTwoReadings(here)), { a: 'verified', b: 'verified', c: 'verified' });
  assert.equal((await attemptsOf(a)).at(-1)!.comparison?.joint_ledger?.input_tokens, 4020);
});

test('calls of an overlapping run that this provider cannot have billed are in no total', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 10_000 }] });
  const foreign = { at: 12_000, wire: 'gemini.generate', input: 5000, booked: false };
  await here.make({ id: 'b', calls: [{ at: 20_000, input: 50 }, foreign] });
  assert.deepEqual(Object.fromEntries(await statesAfterTwoReadings(here)), { a: 'verified', b: 'verified' });
  assert.equal((await attemptsOf(a)).at(-1)!.comparison?.joint_ledger?.input_tokens, 1050);
});

test('minutes with usage of several keys are a bound for the run and its steps', async () => {
  await using here = await createFixture();
  const calls = [
    { at: 10_000, lasts: 100_000, input: 700 },
    { at: 10 * MINUTE + 10_000, lasts: 100_000, input: 300, step: 2 },
  ];
  const runDir = await here.make({ id: 'a', calls, bookedKeyId: 'key_a' });
  here.server.record({ at: new Date(NOON + 70_000), model: 'm', apiKeyId: 'key_other', input: 5, output: 0 });
  await here.at(HOUR);
  const { reading, steps } = (await attemptsOf(runDir)).at(-1)!;
  assert.deepEqual([reading?.own.input_tokens, reading?.total.input_tokens, reading?.shared_minutes], [300, 1005, 1]);
  assert.deepEqual(
    steps.map(({ resolution, at_least, at_most }) => [resolution, at_least?.input_tokens, at_most?.input_tokens]),
    [
      ['bound', 0, 705],
      ['whole', 300, 300],
    ],
  );
  const summary = await readFile(join(runDir, 'logs_summary.txt'), 'utf8');
  assert.match(summary.replaceAll(/\s+/g, ' '), /input 300 to 1005.* since 1 minute is shared with other API keys/);
  await here.at(2 * HOUR, { apiKeyId: 'key_a' });
  assert.equal((await attemptsOf(runDir)).at(-1)!.reading?.own.input_tokens, 1000, 'with the key as filter it is all its own');
});

test('usage missing from one of many runs is not hidden by the others', async () => {
  await using here = await createFixture();
  await here.make({ id: 'small', calls: [{ at: 0, input: 500, booked: false }] });
  for (const id of ['x', 'y', 'z'])
    await here.make({ id, calls: [{ at: 1000, input: 1_000_000, output: 1_000_000, lasts: 2000 }] });
  const states = await statesAfterTwoReadings(here);
  assert.equal(states.get('small'), 'mismatch', '500 of 3,000,500 tokens is far below the threshold of all together');
});

test('consecutive runs share only the minute between them', async () => {
  await using here = await createFixture();
  const first = await here.make({ id: 'first', calls: [{ at: 0 }, { at: 5 * MINUTE, input: 10 }], to: 5 * MINUTE + 20_000 });
  await here.make({
    id: 'second',
    calls: [
      { at: 5 * MINUTE + 30_000, input: 20 },
      { at: 9 * MINUTE, input: 7, booked: false },
    ],
  });
  const states = await statesAfterTwoReadings(here);
  assert.deepEqual(Object.fromEntries(states), { first: 'verified', second: 'mismatch' });
  const { comparison } = (await attemptsOf(first)).at(-1)!;
  assert.equal(comparison?.joint_ledger?.input_tokens, 1030, 'what the second run did later is not asked of the first');
});

test('runs with separate keys do not share minutes', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 0 }], keyId: 'key_a' });
  await here.make({ id: 'b', calls: [{ at: 0, booked: false }], keyId: 'key_b' });
  assert.deepEqual(Object.fromEntries(await statesAfterTwoReadings(here)), { a: 'verified', b: 'pending' });
  const { comparison, reading } = (await attemptsOf(a)).at(-1)!;
  assert.deepEqual([comparison?.joint_ledger, reading?.shared_minutes, reading?.api_keys], [null, 0, 1]);
});

test('for a run without a configured key, the figures decide whether it shares minutes', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 0 }], keyId: 'key_a' });
  await here.make({ id: 'default-key', calls: [{ at: 1000, input: 333 }], bookedKeyId: 'key_default' });
  const c = await here.make({ id: 'c', calls: [{ at: HOUR }], keyId: 'key_a' });
  await here.make({ id: 'same-key', calls: [{ at: HOUR + 1000, input: 333 }], bookedKeyId: 'key_a' });
  const states = await statesAfterTwoReadings(here, 3 * HOUR);
  assert.deepEqual([states.get('a'), states.get('c')], ['verified', 'verified']);
  const [alone, together] = [(await attemptsOf(a)).at(-1)!.comparison, (await attemptsOf(c)).at(-1)!.comparison];
  assert.equal(alone?.joint_ledger, null);
  assert.match(
    alone.explanations.join(),
    /default-key may have used another API key, project or account: the figures indicate another one than this run/,
  );
  assert.equal(together?.joint_ledger?.input_tokens, 1333);
});

test('a run read with another key is in the same account only if the figures show it', async () => {
  await using here = await createFixture();
  const env = { ...here.env, OTHER_ADMIN: here.server.adminKey };
  const a = await here.make({ id: 'a', calls: [{ at: 10_000 }] });
  await here.make({ id: 'elsewhere', calls: [{ at: 12_000, input: 333, booked: false }], adminKey: '${OTHER_ADMIN}' });
  const c = await here.make({ id: 'c', calls: [{ at: HOUR + 10_000 }] });
  await here.make({ id: 'same', calls: [{ at: HOUR + 12_000, input: 333 }], adminKey: '${OTHER_ADMIN}' });
  await here.at(3 * HOUR, { env });
  const states = new Map((await here.at(4 * HOUR, { env })).map(({ runId, state }) => [runId, state]));
  assert.deepEqual([states.get('a'), states.get('c'), states.get('same')], ['verified', 'verified', 'verified']);
  assert.equal((await attemptsOf(a)).at(-1)!.comparison?.joint_ledger, null);
  assert.equal((await attemptsOf(c)).at(-1)!.comparison?.joint_ledger?.input_tokens, 1333);
});

test('other keys in the response make the figures a bound and are explained', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 0 }], bookedKeyId: 'key_a' });
  here.server.record({ at: new Date(NOON), model: 'm', apiKeyId: 'key_other', input: 9000, output: 1 });
  const states = await statesAfterTwoReadings(here);
  assert.equal(states.get('a'), 'mismatch');
  const { comparison, reading } = (await attemptsOf(a)).at(-1)!;
  assert.equal(reading?.api_keys, 2);
  assert.match(comparison!.explanations.join(), /figures include 2 API keys/);
});

test('a run waits for an overlapping run that is live or crashed', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 0 }] });
  const b = await here.make({ id: 'b', calls: [{ at: 0 }] });
  const metadata = join(b, 'metadata.json');
  const sealed = await readFile(metadata, 'utf8');
  const open = { ...JSON.parse(sealed), status: 'running', ended_at: null, archive: null, sealed: null };
  await writeFile(metadata, JSON.stringify(open));
  await rm(join(here.runsDir, 'runs_manifest.json'));
  const lease = { ...currentProcess(), run_id: 'b', acquired_at: '', token: 't' };
  await writeFile(join(b, LEASE_FILE), JSON.stringify(lease));
  const [beside, live] = await here.at(HOUR);
  assert.deepEqual([beside?.action, beside?.state], ['skipped', 'pending']);
  assert.match(beside!.reason, /baes\/b, which is still running/);
  assert.match(live!.reason, /still running/);
  assert.notEqual(live!.nextAttemptAt, null);

  await writeFile(join(b, LEASE_FILE), JSON.stringify({ ...lease, boot_id: 'earlier', process_start: '1' }));
  const [waiting, crashed] = await here.at(HOUR);
  assert.match(waiting!.reason, /ended without finishing its record/);
  assert.match(waiting!.fix!, /stepwell recover baes\/b/);
  assert.match(crashed!.fix!, /stepwell recover/);
  assert.deepEqual([...(await attemptsOf(a)), ...(await attemptsOf(b))], []);
  assert.equal(here.server.requests.length, 0);
});

test('an overlapping run without logs is read from its archive, and one without either is named', async () => {
  await using here = await createFixture();
  const a = await here.make({ id: 'a', calls: [{ at: 10_000 }] });
  const b = await here.make({ id: 'b', calls: [{ at: 12_000, input: 50 }] });
  await rm(join(b, 'logs'), { recursive: true });
  await here.at(HOUR, { run: 'a' });
  assert.equal((await here.at(2 * HOUR, { run: 'a' }))[0]?.state, 'verified');
  await rm(join(b, 'run.tar.gz'));
  await here.at(3 * HOUR, { run: 'a' });
  assert.equal((await here.at(4 * HOUR, { run: 'a' }))[0]?.state, 'mismatch');
  const { explanations } = (await attemptsOf(a)).at(-1)!.comparison!;
  assert.match(explanations.join(), /Runs that may have used the same minutes cannot be read: baes\/b\./);
});

test('a crashed rehearsal or replay does not delay an overlapping run, since it is never billed', async () => {
  await using here = await createFixture();
  await here.make({ id: 'a', calls: [{ at: 10_000 }] });
  for (const run of [
    { id: 'b', rehearsal: true },
    { id: 'c', replayOf: 'a' },
  ]) {
    const dir = await here.make({ ...run, calls: [{ at: 10_000, input: 77, booked: false }] });
    const metadata = join(dir, 'metadata.json');
    const open = {
      ...JSON.parse(await readFile(metadata, 'utf8')),
      status: 'running',
      ended_at: null,
      archive: null,
      sealed: null,
    };
    await writeFile(metadata, JSON.stringify({ ...open, rehearsal: null, replay_of: null }));
    await rm(join(dir, 'metrics.json'));
  }
  await rm(join(here.runsDir, 'runs_manifest.json'));
  await here.at(HOUR, { run: 'a' });
  const [result] = await here.at(2 * HOUR, { run: 'a' });
  assert.equal(result?.state, 'verified', result?.reason);
});

test('property: verified ledgers add up to the usage sent, and no run with missing usage is verified', async () => {
  const call = fc.record({
    at: fc.integer({ min: 0, max: 12 * MINUTE }),
    lasts: fc.integer({ min: 0, max: 2 * MINUTE }),
    skew: fc.integer({ min: -CLOCK_MARGIN_MS, max: CLOCK_MARGIN_MS }),
    step: fc.constantFrom(1, 2),
    input: fc.integer({ min: 500, max: 5000 }),
    output: fc.integer({ min: 10, max: 500 }),
  });
  const made = fc.record({ key: fc.constantFrom('key_a', 'key_b'), calls: fc.array(call, { maxLength: 5 }) });
  const scene = fc.record({
    runs: fc.array(made, { minLength: 1, maxLength: 3 }),
    byKey: fc.boolean(),
    attribution: fc.constantFrom('start' as const, 'completion' as const),
    delay: fc.integer({ min: 0, max: 90 * MINUTE }),
    foreign: fc.boolean(),
    lost: fc.option(fc.nat(), { nil: null }),
  });
  await fc.assert(
    fc.asyncProperty(scene, async ({ runs, byKey, attribution, delay, foreign, lost }) => {
      await using here = await createFixture({ attribution, delayMs: delay });
      const all = runs.flatMap(({ calls }) => calls);
      const lostCall = lost === null || all.length === 0 ? null : all[lost % all.length];
      const dirs: string[] = [];
      for (const [index, { key, calls }] of runs.entries()) {
        const booked = calls.map((one): CallSpec => ({ ...one, booked: one !== lostCall }));
        const filter = byKey ? { keyId: key } : { bookedKeyId: key };
        dirs.push(await here.make({ id: `run-${index}`, calls: booked, from: -1000, to: 15 * MINUTE, ...filter }));
      }
      // Under a key of its own: beside the runs where they name theirs, among them where they do not.
      if (foreign)
        here.server.record({ at: new Date(NOON + 60_000), model: 'm', apiKeyId: 'key_other', input: 77_777, output: 5 });
      for (let at = HOUR; at <= 5 * HOUR; at += 30 * MINUTE) await here.at(at);
      let verified = 0;
      for (const [index, dir] of dirs.entries()) {
        const { state, comparison, reading } = (await attemptsOf(dir)).at(-1)!;
        assert.deepEqual(await differences(dir), []);
        const { calls } = runs[index]!;
        const sent = calls.reduce((sum, { input }) => sum + input, 0);
        assert.equal((comparison?.ledger ?? { input_tokens: sent }).input_tokens, sent);
        const isOwnLoss = lostCall !== null && calls.includes(lostCall!);
        if (isOwnLoss) assert.notEqual(state, 'verified', `${dir}: a whole call is lost`);
        const untouched = lostCall === null && (!foreign || byKey);
        if (untouched) assert.equal(state, 'verified', JSON.stringify({ state, comparison, reading }));
        if (state === 'verified') {
          verified += sent;
          assert.ok(reading!.own.input_tokens! <= sent && sent <= reading!.total.input_tokens! + sent / 100);
        }
      }
      if (lostCall === null && (!foreign || byKey))
        assert.equal(
          verified,
          all.reduce((sum, { input }) => sum + input, 0),
        );
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
