/** Which runs are meant, and which cannot be read. */
import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StepwellError } from '../../src/errors/index.ts';
import type { RunMetrics } from '../../src/schema/index.ts';
import { attemptsOf, HOUR, MINUTE, NOON, createFixture } from './sealed-runs.ts';

const refused = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof StepwellError && error.code === code && text.test(`${error.message} ${error.fix}`);

test('runs are selected by framework, by part of a run id, or as latest', async () => {
  await using here = await createFixture();
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
  await using here = await createFixture();
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

test('an error with one run does not stop the others', async () => {
  await using here = await createFixture();
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

test('an interrupted attempt that cannot be finished does not block other runs', async () => {
  await using here = await createFixture();
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

test('a run recorded before format 1.1 names no provider: it is left unchanged, and reported only when selected by name', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'old', calls: [{ at: 0 }], provider: 'unrecorded' });
  const { verification_status } = JSON.parse(await readFile(join(runDir, 'metrics.json'), 'utf8')) as RunMetrics;
  assert.deepEqual(await here.at(HOUR), []);
  const [result] = await here.at(HOUR, { run: 'old' });
  assert.deepEqual([result?.action, result?.state, result?.settled], ['skipped', verification_status, true]);
  assert.match(result!.reason, /before format 1\.1/);
  assert.equal(here.server.requests.length, 0);
});

test('a run is not read before its last minute is over, and watching continues after it', async () => {
  await using here = await createFixture();
  const calls = [{ at: 10_000 }, { at: 56_000 }];
  const runDir = await here.make({ id: 'one', calls, reconciliation: { interval_minutes: 5 } });
  const [result] = await here.at(MINUTE, { run: 'one', force: true });
  assert.deepEqual([result?.action, result?.state], ['skipped', 'pending']);
  assert.match(result!.reason, /last minute with calls of this run is not over yet/);
  // The last call ended within the margin of the minute after it.
  assert.equal((await here.at(2 * MINUTE - 1, { run: 'one' }))[0]?.action, 'skipped');
  assert.deepEqual(await attemptsOf(runDir), []);
  const [read] = await here.at(2 * MINUTE, { run: 'one' });
  assert.equal(read?.action, 'read');
  // From then on it is read by itself, however soon a reading counts.
  assert.equal(read.nextAttemptAt, new Date(NOON + 58_000 + 30 * MINUTE).toISOString());
});
