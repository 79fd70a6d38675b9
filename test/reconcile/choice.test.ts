/** Which runs are meant, which cannot be read, and what settings say. */
import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StepwellError } from '../../src/errors.ts';
import { reconcileRuns, watchRuns, type WatchRound } from '../../src/reconcile.ts';
import type { RunMetrics } from '../../src/schema.ts';
import { attemptsOf, differences, HOUR, MINUTE, NOON, place } from './runs.ts';

const refused = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof StepwellError && error.code === code && text.test(`${error.message} ${error.fix}`);

test('one framework, one run by a part of its name, latest', async () => {
  await using here = await place();
  await here.make({ framework: 'baes', id: 'aaa', calls: [{ at: 0 }] });
  await here.make({ framework: 'baes', id: 'abb', calls: [{ at: HOUR }] });
  await here.make({ framework: 'chatdev', id: 'ccc', calls: [{ at: 0 }] });
  const ids = async (options: object): Promise<string[]> => (await here.at(9 * HOUR, options)).map(({ runId }) => runId);
  assert.deepEqual(await ids({ framework: 'chatdev' }), ['ccc']);
  assert.deepEqual(await ids({ run: 'abb' }), ['abb']);
  assert.deepEqual(await ids({ framework: 'baes', run: 'ab' }), ['abb']);
  assert.deepEqual(await ids({ framework: 'baes', run: 'latest' }), ['abb']);
  assert.deepEqual((await ids({})).sort(), ['aaa', 'abb', 'ccc']);
  await assert.rejects(ids({ framework: 'nobody' }), refused('RECONCILE_NO_FRAMEWORK', /"nobody".*baes, chatdev/));
  await assert.rejects(ids({ run: 'a' }), refused('RUN_AMBIGUOUS', /aaa/));
  await assert.rejects(ids({ framework: 'chatdev', run: 'aaa' }), refused('RUN_NOT_FOUND', /./));
});

test('a run of the original system, a clone without logs and an archive alone are refused with the reason', async () => {
  await using here = await place();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  await here.at(HOUR);
  const original = join(here.runsDir, 'baes/original');
  await mkdir(original, { recursive: true });
  await writeFile(join(original, 'metadata.json'), JSON.stringify({ run_id: 'original', status: 'completed' }));
  await writeFile(join(original, 'metrics.json'), '{}');
  const [foreign] = await here.at(HOUR, { run: 'original' });
  assert.deepEqual([foreign?.action, foreign?.state], ['skipped', 'not_applicable']);
  assert.match(foreign!.reason, /not made by stepwell/);

  await cp(runDir, join(here.runsDir, 'baes/two'), { recursive: true });
  await rm(join(here.runsDir, 'baes/two/logs'), { recursive: true });
  const [clone] = await here.at(3 * HOUR, { run: join(here.runsDir, 'baes/two') });
  assert.deepEqual([clone?.action, clone?.state], ['skipped', 'provisional']);
  assert.match(clone!.fix!, /tar -xzf run\.tar\.gz logs/);
  await assert.rejects(here.at(HOUR, { run: join(runDir, 'run.tar.gz') }), refused('RECONCILE_ARCHIVE', /run directory/));
});

test('trouble with one run keeps no other from being read', async () => {
  await using here = await place();
  const broken = await here.make({ id: 'broken', calls: [{ at: 0 }] });
  await here.make({ id: 'fine', calls: [{ at: HOUR }] });
  await writeFile(join(broken, 'config.yaml'), 'frameworks: [');
  const results = await here.at(3 * HOUR);
  assert.deepEqual(
    results.map(({ runId, action, state }) => [runId, action, state]),
    [
      ['broken', 'failed', 'pending'],
      ['fine', 'read', 'provisional'],
    ],
  );
  assert.match(results[0]!.reason, /config\.yaml/);
});

test('an attempt that was cut off and cannot be finished keeps no other run from being read', async () => {
  await using here = await place();
  const broken = await here.make({ id: 'broken', calls: [{ at: 0 }] });
  await here.make({ id: 'fine', calls: [{ at: HOUR }] });
  await here.at(3 * HOUR);
  await appendFile(join(broken, 'logs/reconciliation.log'), '\n');
  await rm(join(broken, 'metrics.json'));
  await mkdir(join(broken, 'metrics.json'));
  const results = await here.at(4 * HOUR);
  assert.deepEqual(
    results.map(({ runId, action, state }) => [runId, action, state]),
    [
      ['broken', 'failed', 'provisional'],
      ['fine', 'read', 'verified'],
    ],
  );
  assert.match(results[0]!.reason, /metrics\.json/);
});

test('a run recorded before format 1.1 does not say whom to ask: it stays as its record has it, and is told of by name alone', async () => {
  await using here = await place();
  const runDir = await here.make({ id: 'old', calls: [{ at: 0 }], provider: 'unrecorded' });
  const { verification_status } = JSON.parse(await readFile(join(runDir, 'metrics.json'), 'utf8')) as RunMetrics;
  assert.deepEqual(await here.at(HOUR), []);
  const [result] = await here.at(HOUR, { run: 'old' });
  assert.deepEqual([result?.action, result?.state, result?.settled], ['skipped', verification_status, true]);
  assert.match(result!.reason, /before format 1\.1/);
  assert.equal(here.server.requests.length, 0);
});

test('a run whose last minute is not over is not read, whoever asks; watching goes on when it is', async () => {
  await using here = await place();
  const calls = [{ at: 10_000 }, { at: 56_000 }];
  const runDir = await here.make({ id: 'one', calls, reconciliation: { interval_minutes: 5 } });
  const [result] = await here.at(MINUTE, { run: 'one', force: true });
  assert.deepEqual([result?.action, result?.state], ['skipped', 'pending']);
  assert.match(result!.reason, /minute of its calls is not over yet/);
  // The last call ended within the margin of the minute after it.
  assert.equal((await here.at(2 * MINUTE - 1, { run: 'one' }))[0]?.action, 'skipped');
  assert.deepEqual(await attemptsOf(runDir), []);
  const [read] = await here.at(2 * MINUTE, { run: 'one' });
  assert.equal(read?.action, 'read');
  // From then on it is read by itself, however soon a reading counts.
  assert.equal(read.nextAttemptAt, new Date(NOON + 58_000 + 30 * MINUTE).toISOString());
});

test('settings: environment above the run’s own configuration; what cannot be meant is refused', async () => {
  await using here = await place();
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
    await assert.rejects(wrong, refused('RECONCILE_SETTING', new RegExp(`${name} is "${value}"`)));
  }
  await assert.rejects(reconcileRuns({ runsDir: here.runsDir, minAgeMinutes: -1 }), refused('RECONCILE_SETTING', /--min-age/));
});

test('the original’s names of the admin key are read', async () => {
  await using here = await place();
  await here.make({ id: 'one', calls: [{ at: 0 }] });
  for (const name of ['OPEN_AI_KEY_ADM', 'OPENAI_API_KEY_USAGE_TRACKING']) {
    assert.equal((await here.at(HOUR, { env: { [name]: here.server.adminKey } }))[0]?.action, 'read', name);
  }
});

test('watching goes on until every run is settled, and asks only when a reading counts', async () => {
  await using here = await place({ delayMs: 100 * MINUTE });
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

test('watching without an interval still leaves a minute between two rounds', async () => {
  await using here = await place();
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

test('watching ends where only a person can help, and when it is aborted', async () => {
  await using here = await place();
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

test('an interrupted attempt is recorded as one', async () => {
  await using here = await place();
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

test('Anthropic: no count of calls, and the same judgement', async () => {
  await using here = await place({ provider: 'anthropic' });
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
  assert.match(comparison!.explanations.join(), /1 call spoke gemini\.generate/);
  assert.deepEqual(await differences(runDir), []);
});
