/** What is kept of the provider's answers: whole, in parts that fit, and without secrets. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitBody } from '../../src/reconcile/records.ts';
import { EVENT_METADATA, type EventMetadata } from '../../src/schema/index.ts';
import { attemptsOf, differences, HOUR, createFixture } from './sealed-runs.ts';

type Kept = EventMetadata<'usage_api_response'>;

async function answersIn(runDir: string): Promise<Kept[]> {
  const text = await readFile(join(runDir, 'logs/reconciliation.log'), 'utf8');
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; metadata: unknown });
  return records
    .filter(({ event }) => event === 'usage_api_response')
    .map(({ metadata }) => EVENT_METADATA.usage_api_response.parse(metadata));
}

test('every response is recorded unchanged with its parameters, also failed ones', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  here.server.addFault({ kind: 'status', status: 500 });
  await here.at(HOUR);
  const kept = await answersIn(runDir);
  assert.deepEqual([kept[0]?.status, kept[0]?.report, kept[0]?.tries], [500, 'completions', 1]);
  assert.deepEqual([kept[1]?.status, kept[1]?.report, kept[1]?.tries], [200, 'completions', 2]);
  assert.match(kept[1]!.body, /"input_tokens":1000/);
  assert.equal(kept[1]!.parameters['bucket_width'], '1m');
  assert.ok(kept.every(({ reconciliation_attempt }) => reconciliation_attempt === 1));
  assert.deepEqual([...new Set(kept.map(({ report }) => report))], ['completions', 'embeddings', 'costs']);
});

test('a long response is split into parts, and secrets are masked even across part boundaries', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const secret = 'hunter2-hunter2-hunter2';
  // As often as it must be for a border to cut one of them.
  const many = `${secret} `.repeat(30_000);
  const body = `{"many":"${many}","quoted":"${'\\"'.repeat(40_000)}","x":"${'ö'.repeat(60_000)}${secret}${'😀'.repeat(50_000)}","key":"${here.server.adminKey}"}`;
  here.server.addFault({ kind: 'body', body });
  const [result] = await here.at(HOUR, { env: { ...here.env, SOME_TOKEN: secret } });
  assert.equal(result?.state, 'unavailable');
  const text = await readFile(join(runDir, 'logs/reconciliation.log'), 'utf8');
  assert.equal(text.includes(secret), false);
  assert.equal(text.includes(here.server.adminKey), false);
  const parts = (await answersIn(runDir)).filter(({ part }) => part !== undefined);
  assert.ok(parts.length > 1);
  assert.deepEqual(
    parts.map(({ part, last_part }) => [part, last_part]),
    parts.map((_, index) => [index + 1, index === parts.length - 1]),
  );
  const covered = body.replaceAll(secret, '[redacted]').replace(here.server.adminKey, '[admin key]');
  // As a verdict: these texts are too long to be shown.
  assert.ok(parts.map((part) => part.body).join('') === covered, parts.at(-1)?.body.slice(-100));
  assert.ok(text.split('\n').every((line) => line.length < 256 * 1024));
  assert.deepEqual(await differences(runDir), []);
});

test('keys and secrets that the provider repeats in encoded forms, or in a URL, are masked too', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const { adminKey } = here.server;
  const secret = 'tr0ub4dor/3 "and" more';
  const forms = [adminKey, secret].flatMap((text) => [
    text,
    Buffer.from(text).toString('base64'),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ]);
  const said = `a ${forms.join(' b ')} c`;
  const bodies = [
    JSON.stringify({ error: { message: said } }).replaceAll('/', '\\/'),
    `<html><title>${forms[1]} ${forms[5]}</title>`,
    `${forms[1]} ${forms[5]}`,
    said,
  ];
  const env = { ...here.env, SOME_TOKEN: secret };
  for (const [status, body] of [401, 403, 404, 400, 200].flatMap((each) => bodies.map((text) => [each, text] as const))) {
    here.server.clearFaults();
    here.server.addFault({ kind: 'body', body, status });
    const [result] = await here.at(HOUR, { env, force: true });
    assert.equal(result?.state, 'unavailable');
    const shown = JSON.stringify([result.reason, result.fix, result.summary]);
    for (const form of forms) assert.ok(!shown.includes(form) && !shown.includes(JSON.stringify(form).slice(1, -1)), shown);
  }
  const text = await readFile(join(runDir, 'logs/reconciliation.log'), 'utf8');
  for (const form of forms) assert.equal(text.includes(form), false, form);
});

test('property: parts join to the whole, fit into a record and split no character', () => {
  const piece = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.constant('"\\\u0001'), fc.constant('😀ö'));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.integer({ min: 1, max: 3000 }), (pieces, times) => {
      const body = pieces.join('').repeat(times);
      const parts = splitBody(body);
      assert.equal(parts.join(''), body);
      assert.ok(parts.length >= 1);
      for (const part of parts) {
        assert.ok(Buffer.byteLength(JSON.stringify(part)) <= 128 * 1024);
        assert.equal(part.isWellFormed(), body.isWellFormed() || part.isWellFormed());
      }
    }),
    { numRuns: 60 },
  );
});

test('an id that is also a secret of the environment is masked, and its readings still equal each other', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }], keyId: 'key_abcdef123456' });
  const env = { ...here.env, SOME_KEY: 'key_abcdef123456' };
  await here.at(HOUR, { env });
  const [result] = await here.at(2 * HOUR, { env });
  assert.equal(result?.state, 'verified');
  assert.equal((await attemptsOf(runDir))[0]?.filter.api_key_id, '[redacted]');
});

test('flags replace the run’s filter and are recorded', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }], bookedKeyId: 'key_a' });
  here.server.record({ at: new Date('2026-03-02T12:00:00Z'), model: 'm', apiKeyId: 'key_other', input: 5000, output: 0 });
  await here.at(HOUR, { apiKeyId: 'key_a' });
  const [result] = await here.at(2 * HOUR, { apiKeyId: 'key_a' });
  assert.equal(result?.state, 'verified');
  assert.equal((await attemptsOf(runDir)).at(-1)?.filter.api_key_id, 'key_a');
  assert.deepEqual(here.server.requests[0]?.parameters['api_key_ids'] ?? here.server.requests[0]?.parameters['api_key_ids[]'], [
    'key_a',
  ]);
});

test('an attempt that cannot be recorded changes nothing else', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  await mkdir(join(runDir, 'logs/reconciliation.log'));
  const before = await readFile(join(runDir, 'metadata.json'), 'utf8');
  const [result] = await here.at(HOUR);
  assert.equal(result?.action, 'failed');
  assert.match(result.reason, /could not be written to .*reconciliation\.log, so nothing else was changed/);
  assert.equal(await readFile(join(runDir, 'metadata.json'), 'utf8'), before);
});

test('unknown fields in metadata.json are kept', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const file = join(runDir, 'metadata.json');
  const before = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...before, of_tomorrow: { x: 1 } }));
  await here.at(HOUR);
  const { reconciliation, ...after } = JSON.parse(await readFile(file, 'utf8')) as { reconciliation: { attempts: number } };
  assert.equal(reconciliation.attempts, 1);
  assert.deepEqual({ ...after, reconciliation: null }, { ...before, of_tomorrow: { x: 1 } });
});
