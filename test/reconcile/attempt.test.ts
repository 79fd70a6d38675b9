/** Every state is reached against a usage server on simulated time, and the record verifies after each attempt. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { listReconciliations } from '../../src/reconcile/index.ts';
import type { RunMetrics } from '../../src/schema/index.ts';
import { attemptsOf, differences, HOUR, metadataOf, MINUTE, NOON, createFixture } from './sealed-runs.ts';

async function metricsOf(runDir: string): Promise<RunMetrics> {
  return JSON.parse(await readFile(join(runDir, 'metrics.json'), 'utf8')) as RunMetrics;
}

test('a run goes from pending to provisional to verified as figures arrive, and measured values stay unchanged', async () => {
  await using here = await createFixture({ delayMs: 70 * MINUTE });
  const calls = [{ at: 0 }, { at: 90_000, input: 500, cached: 200, step: 2 }];
  const runDir = await here.make({ id: 'one', calls, claim: { input_tokens: 700, output_tokens: 60, calls: 1 } });
  const before = await metricsOf(runDir);
  const states: string[] = [];
  for (const at of [10 * MINUTE, 40 * MINUTE, 2 * HOUR, 3 * HOUR]) {
    const [result] = await here.at(at);
    states.push(`${result?.action} ${result?.state}`);
    assert.deepEqual(await differences(runDir), []);
    const { verification_status, usage_api_reconciliation, ...measured } = await metricsOf(runDir);
    const { verification_status: _, usage_api_reconciliation: __, ...measuredBefore } = before;
    assert.deepEqual(measured, measuredBefore);
    assert.equal(usage_api_reconciliation?.verification_status ?? 'pending', verification_status);
  }
  assert.deepEqual(states, ['skipped pending', 'read pending', 'read provisional', 'read verified']);
  assert.deepEqual(await here.at(5 * HOUR), [], 'a settled run is left alone');

  const attempts = await attemptsOf(runDir);
  assert.deepEqual(
    attempts.map(({ attempt, equal_readings }) => [attempt, equal_readings]),
    [
      [1, 0],
      [2, 1],
      [3, 2],
    ],
  );
  assert.equal(attempts[0]?.comparison, null, 'nothing is no comparison');
  const { comparison, first_equal_at, verified_at } = attempts[2]!;
  assert.deepEqual(comparison?.claim, { input_tokens: 1400, output_tokens: 120, cached_tokens: null, api_calls: 2 });
  assert.deepEqual(comparison?.ledger, { input_tokens: 1500, output_tokens: 200, cached_tokens: 200, api_calls: 2 });
  assert.deepEqual(comparison?.provider, comparison?.ledger);
  assert.deepEqual(
    [first_equal_at, verified_at],
    [new Date(NOON + 2 * HOUR).toISOString(), new Date(NOON + 3 * HOUR).toISOString()],
  );
  const metadata = await metadataOf(runDir);
  assert.equal(metadata.reconciliation?.attempts, 3);
  const manifest = JSON.parse(await readFile(join(here.runsDir, 'runs_manifest.json'), 'utf8'));
  assert.equal(manifest.runs[0].verification_status, 'verified');
  assert.equal(manifest.runs[0].provider_tokens_in, 1500);
  assert.match(await readFile(join(runDir, 'logs_summary.txt'), 'utf8'), /Status: VERIFIED/);
});

test('a provider total above the ledger is a mismatch with sign, size and explanations', async () => {
  await using here = await createFixture();
  const calls = [{ at: 0 }, { at: 30_000, ends: 'aborted' as const, booked: true, input: 777, output: 0 }];
  const runDir = await here.make({ id: 'one', calls });
  await here.at(HOUR);
  const [result] = await here.at(2 * HOUR);
  assert.equal(result?.state, 'mismatch');
  assert.match(result.reason, /differs from the ledger by \+777 input tokens, 77\.7% of this run, outside the threshold of 1%/);
  const comparison = result.summary!.comparison!;
  assert.deepEqual(comparison.difference, { input_tokens: 777, output_tokens: 0, cached_tokens: 0, api_calls: 0 });
  assert.match(comparison.explanations.join('\n'), /1 call of this run ended without token figures/);
  assert.match(comparison.explanations.join('\n'), /calls and retries may have bypassed the proxy/);
  assert.deepEqual(await differences(runDir), []);
});

test('a refused key makes a run unavailable with the reason, and keeps its values, readings and settled state', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  assert.equal((await here.at(HOUR))[0]?.state, 'provisional');
  here.server.addFault({ kind: 'status', status: 401 });
  const [refused] = await here.at(HOUR + 30 * MINUTE);
  assert.deepEqual([refused?.action, refused?.state], ['failed', 'unavailable']);
  assert.notEqual(refused?.fix, null);
  assert.equal(refused?.summary?.comparison?.provider.input_tokens, 1000, 'what was read before stands');
  assert.deepEqual(await differences(runDir), []);
  assert.equal((await here.at(2 * HOUR))[0]?.state, 'verified');

  here.server.addFault({ kind: 'status', status: 403 });
  const [after] = await here.at(3 * HOUR, { force: true });
  assert.deepEqual([after?.action, after?.state, after?.settled], ['failed', 'verified', true]);
  assert.deepEqual(await differences(runDir), []);
  assert.deepEqual(
    (await attemptsOf(runDir)).map(({ state, equal_readings }) => [state, equal_readings]),
    [
      ['provisional', 1],
      ['unavailable', 1],
      ['verified', 2],
      ['verified', 2],
    ],
  );
});

test('an attempt without a key makes no request and records the reason', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const { aggregate_metrics: measured } = await metricsOf(runDir);
  const [result] = await here.at(HOUR, { env: {} });
  assert.deepEqual([result?.action, result?.state, result?.nextAttemptAt], ['failed', 'unavailable', null]);
  assert.match(result!.reason, /OPENAI_ADMIN_KEY/);
  assert.match(result!.fix!, /api\.usage\.read/);
  const named = await here.make({ id: 'two', calls: [{ at: 0 }], adminKey: '${MY_ADMIN}' });
  const [second] = await here.at(HOUR, { run: 'two' });
  assert.match(second!.reason, /\$\{MY_ADMIN\}, which is not set/);
  assert.equal(here.server.requests.length, 0);

  for (const dir of [runDir, named]) {
    const [attempt] = await attemptsOf(dir);
    assert.deepEqual([attempt?.state, attempt?.reading, attempt?.equal_readings], ['unavailable', null, 0]);
    assert.deepEqual(await differences(dir), []);
    const metrics = await metricsOf(dir);
    assert.deepEqual([metrics.verification_status, metrics.aggregate_metrics], ['unavailable', measured]);
  }
  const listed = await listReconciliations({ runsDir: here.runsDir, all: false, now: () => new Date(NOON + HOUR), env: {} });
  assert.deepEqual(
    listed.map(({ state, settled }) => [state, settled]),
    [
      ['unavailable', false],
      ['unavailable', false],
    ],
  );
  await here.at(2 * HOUR, { run: 'one' });
  const [verified] = await here.at(3 * HOUR, { run: 'one' });
  assert.equal(verified?.state, 'verified', 'a key found later is enough');
  const [keyless] = await here.at(4 * HOUR, { run: 'one', env: {} });
  assert.deepEqual([keyless?.action, keyless?.state], ['failed', 'verified']);
  assert.match(keyless!.reason, /The earlier result is kept/);
});

test('rehearsals, replays and unbilled runs are not applicable, and nothing is written to them', async () => {
  await using here = await createFixture();
  await here.make({ id: 'rehearsed', rehearsal: true });
  await here.make({ id: 'replayed', replayOf: 'other' });
  await here.make({ id: 'local', provider: null, calls: [{ at: 0 }] });
  assert.deepEqual(await here.at(HOUR), []);
  for (const run of ['rehearsed', 'replayed', 'local']) {
    const [result] = await here.at(HOUR, { run });
    assert.deepEqual([result?.action, result?.state, result?.settled], ['skipped', 'not_applicable', true], run);
    assert.deepEqual(await differences(result!.runDir), []);
  }
  assert.equal(here.server.requests.length, 0);
});

test('a run without calls is verified only when the provider has no usage for it', async () => {
  await using here = await createFixture();
  const quiet = await here.make({ id: 'quiet', from: 0, to: 5 * MINUTE });
  const used = await here.make({ id: 'used', from: HOUR, to: HOUR + 5 * MINUTE });
  here.server.record({ at: new Date(NOON + HOUR + MINUTE), model: 'm', input: 10, output: 1 });
  await here.at(3 * HOUR);
  const results = await here.at(4 * HOUR);
  assert.deepEqual(
    results.map(({ runId, state }) => [runId, state]),
    [
      ['quiet', 'verified'],
      ['used', 'mismatch'],
    ],
  );
  assert.deepEqual([...(await differences(quiet)), ...(await differences(used))], []);
});

test('a run older than the maximum age is no longer waited for', async () => {
  await using here = await createFixture({ delayMs: 1000 * HOUR });
  const empty = await here.make({ id: 'empty', calls: [{ at: 0 }] });
  const states: string[] = [];
  for (const at of [HOUR, 2 * HOUR, 3 * HOUR]) states.push((await here.at(at, { maxAgeHours: 2.5 }))[0]!.state);
  assert.deepEqual(states, ['pending', 'pending', 'mismatch']);
  const { comparison } = (await attemptsOf(empty)).at(-1)!;
  assert.deepEqual([comparison?.difference.input_tokens, comparison?.difference_percent], [-1000, 100]);
  assert.match(comparison!.explanations.join('\n'), /another key, project or organization/);

  const late = await here.make({ id: 'late', calls: [{ at: 0 }] });
  const [once] = await here.at(4 * HOUR, { maxAgeHours: 2.5 });
  assert.deepEqual([once?.state, once?.settled, once?.summary?.waiting_ended], ['unavailable', true, true]);
  here.server.setDelay(0);
  assert.deepEqual(await here.at(5 * HOUR, { maxAgeHours: 2.5 }), []);
  const [named] = await here.at(5 * HOUR, { run: 'late', maxAgeHours: 2.5 });
  assert.deepEqual([named?.state, named?.settled], ['provisional', true], 'a named run is read all the same');
  assert.equal((await here.at(6 * HOUR, { run: 'late', maxAgeHours: 2.5 }))[0]?.state, 'verified');
  assert.deepEqual([...(await differences(empty)), ...(await differences(late))], []);
});

test('revised figures restart the count, whether they grow or shrink', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const extra = here.server.record({ at: new Date(NOON), model: 'm', input: 50, output: 5 });
  here.server.revise(extra, { from: new Date(NOON + 90 * MINUTE), input: 60 });
  here.server.revise(extra, { from: new Date(NOON + 150 * MINUTE), input: 0, output: 0 });
  const reasons: string[] = [];
  for (const hour of [1, 2, 3, 4]) reasons.push((await here.at(hour * HOUR))[0]!.reason);
  assert.match(reasons[1]!, /grew by \+10 input tokens, so the count restarts/);
  assert.match(reasons[2]!, /shrank by -60 input and -5 output tokens/);
  assert.deepEqual(
    (await attemptsOf(runDir)).map(({ state, equal_readings }) => [state, equal_readings]),
    [
      ['provisional', 1],
      ['provisional', 1],
      ['provisional', 1],
      ['verified', 2],
    ],
  );
});

test('listing shows the status of every run and makes no requests', async () => {
  await using here = await createFixture();
  await here.make({ id: 'a', calls: [{ at: 0 }] });
  await here.make({ id: 'b', rehearsal: true });
  const now = () => new Date(NOON + 5 * MINUTE);
  const open = await listReconciliations({ runsDir: here.runsDir, all: false, now, env: here.env });
  assert.deepEqual(
    open.map(({ runId, state, nextAttemptAt }) => [runId, state, nextAttemptAt]),
    [['a', 'pending', new Date(NOON + 30 * MINUTE + 2000).toISOString()]],
  );
  const all = await listReconciliations({ runsDir: here.runsDir, all: true, now, env: here.env });
  assert.deepEqual(all.map(({ state }) => state).sort(), ['not_applicable', 'pending']);
  assert.equal(here.server.requests.length, 0);
});

test('an interrupted attempt is recorded', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  here.server.addFault({ kind: 'silence' });
  const abort = new AbortController();
  const asked = fetch;
  const [result] = await here.at(HOUR, {
    signal: abort.signal,
    fetch: (input, init) => {
      const answer = asked(input, init);
      abort.abort();
      return answer;
    },
  });
  assert.deepEqual([result?.action, result?.state], ['failed', 'unavailable']);
  assert.match(result!.reason, /interrupted/);
  assert.deepEqual(await differences(runDir), []);
});

test('Anthropic reports no call counts, and the verdict is the same', async () => {
  await using here = await createFixture({ provider: 'anthropic' });
  const calls = [
    { at: 0, wire: 'anthropic.messages', cached: 300 },
    { at: 1000, wire: 'openai.chat' },
    { at: 2000, wire: 'gemini.generate', booked: false },
  ];
  const runDir = await here.make({ id: 'one', calls });
  await here.at(HOUR);
  const [result] = await here.at(2 * HOUR);
  assert.equal(result?.state, 'verified', result?.reason);
  const { comparison } = (await attemptsOf(runDir)).at(-1)!;
  assert.deepEqual([comparison?.ledger.input_tokens, comparison?.provider.api_calls], [2000, null]);
  assert.match(comparison!.explanations.join(), /Left out: 1 call in the wire format gemini\.generate/);
  assert.deepEqual(await differences(runDir), []);
});
