import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_RECORD_BYTES } from '../../../src/log/index.ts';
import { createClient, at, between, noFilter } from './recording-client.ts';

const MINUTE = 60_000;
const call = { model: 'gpt-4o-mini', apiKeyId: 'key_run', projectId: 'proj_run', input: 100, output: 7 };

for (const provider of ['openai', 'anthropic'] as const) {
  test(`${provider}: all pages are read, also when the provider returns smaller ones`, async (t) => {
    const { server, api, pages } = await createClient(t, { provider });
    for (let minute = 0; minute < 150; minute += 1)
      server.record({ ...call, at: new Date(at('08:00:00').getTime() + minute * MINUTE) });
    const calls = async () => {
      const answer = await api.fetchUsage(between('08:00', '10:30'));
      assert.equal(answer.status, 'ok', JSON.stringify(answer));
      assert.equal(answer.buckets.length, 150);
      return [answer.pages, answer.buckets.reduce((sum, { rows }) => sum + (rows[0]?.output_tokens ?? 0), 0)];
    };
    const reports = provider === 'openai' ? 2 : 1;
    assert.deepEqual(await calls(), [3 * reports, 150 * 7]);
    assert.deepEqual(pages.map(({ page, tries }) => [page, tries]).slice(0, 3), [
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    assert.equal(pages[0]?.parameters['page'], undefined);
    assert.match(String(pages[1]?.parameters['page']), /^page_/);
    server.setShape({ pageSize: 7 });
    assert.deepEqual(await calls(), [22 * reports, 150 * 7]);
  });

  test(`${provider}: omitted buckets are minutes without usage`, async (t) => {
    const { server, api } = await createClient(t, { provider, omitEmpty: true });
    server.record({ ...call, at: at('09:30:00') });
    const answer = await api.fetchUsage(between('08:00', '10:30'));
    assert.equal(answer.status, 'ok');
    assert.deepEqual(
      answer.buckets.filter(({ rows }) => rows.length > 0).map(({ start }) => start),
      ['2026-03-02T09:30:00.000Z'],
    );
    assert.equal(answer.buckets.length, 150);
  });

  test(`${provider}: a cursor that leads back to an earlier page is a failure with a message`, async (t) => {
    const { server, api } = await createClient(t, { provider });
    server.addFault({ kind: 'loop', times: Infinity });
    const answer = await api.fetchUsage(between('08:00', '08:02'));
    assert.equal(answer.status, 'failed');
    assert.match(answer.reason, /twice|leads back|not a cursor/);
    assert.ok(server.requests.length <= 3, `${server.requests.length} requests`);
  });

  test(`${provider}: endless cursors are a failure with a message`, async (t) => {
    const { server, api } = await createClient(t, { provider });
    server.addFault({ kind: 'endless', times: Infinity });
    const answer = await api.fetchUsage(between('08:00', '08:02'));
    assert.equal(answer.status, 'failed');
    assert.match(answer.reason, /3 consecutive empty pages/);
    assert.equal(server.requests.length, 3);
  });

  test(`${provider}: a page with a few models fits into one record`, async (t) => {
    const { server, api, pages } = await createClient(t, { provider });
    for (let minute = 0; minute < 60; minute += 1) {
      for (const model of ['gpt-4o-mini-2024-07-18', 'gpt-4o-2024-08-06', 'o4-mini-2025-04-16']) {
        server.record({
          ...call,
          input: 123_456,
          cached: 99_999,
          output: 54_321,
          model,
          at: new Date(at('08:00:00').getTime() + minute * MINUTE),
        });
      }
    }
    const answer = await api.fetchUsage(between('08:00', '09:00', { api_key_id: 'key_run' }));
    assert.equal(answer.status, 'ok');
    // Quotes are escaped inside a record.
    for (const page of pages)
      assert.ok(JSON.stringify(page).length < MAX_RECORD_BYTES * 0.75, String(JSON.stringify(page).length));
  });

  test(`${provider}: the minutes add up to the usage of the calls`, async (t) => {
    const { server, api } = await createClient(t, { provider });
    let day = Date.parse('2026-01-01T00:00:00Z');
    const booked = fc.record({
      second: fc.integer({ min: 0, max: 4 * 3600 - 1 }),
      input: fc.nat(1000),
      cachedPart: fc.double({ min: 0, max: 1, noNaN: true }),
      output: fc.nat(1000),
      model: fc.constantFrom('a', 'b'),
      mine: fc.boolean(),
      embedding: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(booked, { maxLength: 30 }), fc.integer({ min: 1, max: 90 }), async (calls, pageSize) => {
        // A day of its own for each example: the account is never emptied.
        day += 86_400_000;
        server.setNow(new Date(day + 86_400_000));
        server.setShape({ pageSize });
        const expected = { input: 0, cached: 0, output: 0, calls: 0 };
        for (const one of calls) {
          const embedding = one.embedding && provider === 'openai';
          const cached = embedding ? 0 : Math.floor(one.input * one.cachedPart);
          const output = embedding ? 0 : one.output;
          server.record({
            at: new Date(day + one.second * 1000),
            model: one.model,
            apiKeyId: one.mine ? 'key_run' : 'key_other',
            input: one.input,
            cached,
            output,
            report: embedding ? 'embeddings' : 'completions',
          });
          if (!one.mine) continue;
          expected.input += one.input;
          expected.cached += cached;
          expected.output += output;
          expected.calls += 1;
        }
        const answer = await api.fetchUsage({
          start: new Date(day),
          end: new Date(day + 4 * 3_600_000),
          filter: { ...noFilter, api_key_id: 'key_run' },
        });
        assert.equal(answer.status, 'ok');
        const found = { input: 0, cached: 0, output: 0, calls: 0 };
        for (const row of answer.buckets.flatMap(({ rows }) => rows)) {
          found.input += row.input_tokens ?? NaN;
          found.cached += row.cached_tokens ?? NaN;
          found.output += row.output_tokens ?? NaN;
          found.calls += row.api_calls ?? 0;
        }
        assert.deepEqual(found, provider === 'openai' ? expected : { ...expected, calls: 0 });
      }),
      { numRuns: 40 },
    );
  });
}
