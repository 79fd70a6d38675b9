/** What a call costs: by the configuration, by the library for the endpoint's own provider, or not at all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { loadPrices, unpriced, type PriceBook } from '../../../src/meter/pricing/prices.ts';
import type { Usage } from '../../../src/meter/wires/wire.ts';

const OPENAI = 'https://api.openai.com/v1';
const ANTHROPIC = 'https://api.anthropic.com/v1';
const GEMINI = 'https://generativelanguage.googleapis.com/v1beta';
const AT = new Date('2026-11-22T12:00:00Z');

function used(input: number | null, output: number | null, more: Partial<Usage> = {}): Usage {
  return {
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    raw: {},
    ...more,
  };
}

function cost(book: PriceBook, model: string, usage: Usage | null, at = AT): number | null {
  return book.costOf({ requestModel: model, responseModel: null, usage, at }).nanoUsd;
}

describe('prices of the configuration', () => {
  const OVERRIDES = {
    mini: { input_price: 0.15, cached_price: 0.075, output_price: 0.6 },
    plain: { input_price: 1, output_price: 2 },
    claude: { input_price: 3, cached_price: 0.3, cache_write_price: 3.75, cache_write_1h_price: 6, output_price: 15 },
  };

  test('tokens are priced per million, cached ones at their own price', async () => {
    const book = await loadPrices({ overrides: OVERRIDES, baseUrl: null });
    assert.deepEqual(
      book.costOf({ requestModel: 'mini', responseModel: 'mini', usage: used(1000, 10, { cacheReadTokens: 400 }), at: AT }),
      {
        nanoUsd: 600 * 150 + 400 * 75 + 10 * 600,
        source: 'config:mini',
      },
    );
    assert.equal(cost(book, 'plain', used(3, 1, { cacheReadTokens: 2, cacheWriteTokens: 1 })), 5000);
    const raw = { cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 2 } };
    const written = used(20, 1, { cacheReadTokens: 4, cacheWriteTokens: 7, raw });
    assert.equal(cost(book, 'claude', written), 9 * 3000 + 4 * 300 + 5 * 3750 + 2 * 6000 + 15_000);
  });

  test('the model in the response is priced, otherwise the one in the request', async () => {
    const book = await loadPrices({ overrides: OVERRIDES, baseUrl: null });
    const source = (requestModel: string | null, responseModel: string | null): string | null =>
      book.costOf({ requestModel, responseModel, usage: used(1, 0), at: AT }).source;
    assert.equal(source('mini', 'plain'), 'config:plain');
    assert.equal(source('mini', 'mini-2026-01-01'), 'config:mini');
    assert.equal(source('toString', null), null);
    assert.equal(source(null, null), null);
  });

  test('configured prices take precedence over the library’s for either model name', async () => {
    const book = await loadPrices({ overrides: { 'gpt-4o': { input_price: 1, output_price: 1 } }, baseUrl: OPENAI });
    const call = { requestModel: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06', usage: used(10, 10), at: AT };
    assert.deepEqual(book.costOf(call), { nanoUsd: 20_000, source: 'config:gpt-4o' });
  });

  test('a rehearsal has no cost, whatever the configuration says', async () => {
    const rehearsal = { input_price: 1, output_price: 1 };
    const book = await loadPrices({ overrides: { rehearsal, 'gpt-4o': rehearsal }, baseUrl: OPENAI });
    for (const [requestModel, responseModel] of [
      ['gpt-4o', 'rehearsal'],
      ['rehearsal', null],
    ] as const)
      assert.deepEqual(book.costOf({ requestModel, responseModel, usage: used(1, 1), at: AT }), {
        nanoUsd: null,
        source: null,
      });
    assert.equal(book.hasPrice('rehearsal'), false);
  });

  test('a fraction of a nano-dollar is rounded once, half up', async () => {
    const book = await loadPrices({
      overrides: { half: { input_price: 0.0005, output_price: 0 }, less: { input_price: 0.000499, output_price: 0 } },
      baseUrl: null,
    });
    assert.equal(cost(book, 'half', used(1, 0)), 1);
    assert.equal(cost(book, 'half', used(3, 0)), 2);
    assert.equal(cost(book, 'less', used(1, 0)), 0);
  });

  test('property: a price of whole thousandths of a dollar is exact', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100_000), fc.nat(2_000_000), fc.nat(2_000_000), async (thousandths, input, output) => {
        const price = thousandths / 1000;
        const book = await loadPrices({ overrides: { m: { input_price: price, output_price: price } }, baseUrl: null });
        assert.equal(cost(book, 'm', used(input, output)), thousandths * (input + output));
      }),
    );
  });

  test('a cost too large for an exact number is null', async () => {
    const book = await loadPrices({ overrides: { m: { input_price: 1e6, output_price: 0 } }, baseUrl: null });
    assert.equal(cost(book, 'm', used(9_007_199, 0)), 9_007_199 * 1e9);
    assert.equal(cost(book, 'm', used(9_007_200, 0)), null);
  });
});

describe('prices of the library', () => {
  test('library prices apply only to hosts of known providers', async () => {
    for (const baseUrl of [
      'http://127.0.0.1:8000/v1',
      'https://llm.example/v1',
      'https://api.openai.com.example/v1',
      'https://api.openai.com:8443/v1',
      'http://api.openai.com/v1',
      'not a url',
    ]) {
      const book = await loadPrices({ overrides: {}, baseUrl });
      assert.deepEqual(book.facts, { source: null, version: null, sha256: null, overrides: [] }, baseUrl);
      assert.deepEqual(book.costOf({ requestModel: 'gpt-4o', responseModel: 'gpt-4o', usage: used(1, 1), at: AT }), {
        nanoUsd: null,
        source: null,
      });
      assert.equal(book.hasPrice('gpt-4o'), false);
    }
  });

  test('the version of the library and the digest of its data are recorded', async () => {
    const { facts, message } = await loadPrices({ overrides: { own: { input_price: 1, output_price: 1 } }, baseUrl: OPENAI });
    const file = new URL(import.meta.resolve('@pydantic/genai-prices'));
    const { version } = JSON.parse(readFileSync(new URL('../package.json', file), 'utf8')) as { version: string };
    assert.deepEqual(facts, {
      source: 'genai-prices',
      version,
      sha256: hash('sha256', readFileSync(file)),
      overrides: ['own'],
    });
    assert.equal(message, `Prices: genai-prices ${version}, openai; 1 model priced by the configuration`);
  });

  test('OpenAI: input, cached input and output are priced by the model in the response', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: OPENAI });
    const usage = used(1000, 100, { cacheReadTokens: 400, reasoningTokens: 60 });
    const { nanoUsd, source } = book.costOf({ requestModel: null, responseModel: 'gpt-4o-mini-2024-07-18', usage, at: AT });
    assert.equal(nanoUsd, 600 * 150 + 400 * 75 + 100 * 600);
    assert.match(source ?? '', /^genai-prices@\d+\.\d+\.\d+:openai\/gpt-4o-mini$/);
    assert.equal(book.hasPrice('gpt-4o-mini'), true);
    assert.equal(book.hasPrice('gpt-99-unheard-of'), false);
    assert.equal(cost(book, 'gpt-99-unheard-of', used(1, 1)), null);
    assert.equal(cost(book, 'text-embedding-3-small', used(1000, 0)), 20_000);
    assert.equal(cost(book, 'text-embedding-3-small', used(1000, 1)), null, 'its output has no price');
  });

  test('Anthropic: cache reads, five-minute and one-hour cache writes, and search fees are priced', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: ANTHROPIC });
    const raw = {
      cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 100 },
      server_tool_use: { web_search_requests: 2 },
      service_tier: 'standard',
    };
    const usage = used(1000, 100, { cacheReadTokens: 200, cacheWriteTokens: 400, raw });
    assert.equal(
      cost(book, 'claude-sonnet-4-20250514', usage),
      400 * 3000 + 200 * 300 + 300 * 3750 + 100 * 6000 + 100 * 15_000 + 2 * 10_000_000,
    );
  });

  test('Anthropic: one-hour cache writes of a compaction have the one-hour price', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: ANTHROPIC });
    const written = (hour: number): object => ({ cache_creation: { ephemeral_1h_input_tokens: hour } });
    const raw = {
      ...written(10),
      iterations: [
        { type: 'message', ...written(10) },
        { type: 'compaction', ...written(7) },
      ],
    };
    const usage = used(100, 0, { cacheWriteTokens: 20, raw });
    assert.equal(cost(book, 'claude-sonnet-4-20250514', usage), 80 * 3000 + 3 * 3750 + 17 * 6000);
  });

  test('a price tier by input length applies to every token of the call', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: GEMINI });
    assert.equal(cost(book, 'gemini-2.5-pro', used(200_000, 10)), 200_000 * 1250 + 10 * 10_000);
    assert.equal(cost(book, 'gemini-2.5-pro', used(200_001, 10)), 200_001 * 2500 + 10 * 15_000);
  });

  test('a call is priced at the time of the call, not at today’s price', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: 'https://api.deepseek.com/v1' });
    // Its price depends on the time of the day.
    const costs = [0, 12, 23].map((hour) => cost(book, 'deepseek-chat', used(1000, 0), new Date(Date.UTC(2026, 5, 1, hour))));
    assert.deepEqual(costs, [135_000, 270_000, 135_000]);
    const anthropic = await loadPrices({ overrides: {}, baseUrl: ANTHROPIC });
    const before = cost(anthropic, 'claude-sonnet-4-6', used(300_000, 0), new Date('2026-03-12T23:59:59Z'));
    const after = cost(anthropic, 'claude-sonnet-4-6', used(300_000, 0), new Date('2026-03-13T00:00:00Z'));
    assert.equal(before, 300_000 * 6000);
    assert.equal(after, 300_000 * 3000);
  });

  test('a call that is not billed at list prices has a null cost', async () => {
    const openai = await loadPrices({ overrides: {}, baseUrl: OPENAI });
    const anthropic = await loadPrices({ overrides: {}, baseUrl: ANTHROPIC });
    const gemini = await loadPrices({ overrides: {}, baseUrl: GEMINI });
    const sonnet = 'claude-sonnet-4-20250514';
    assert.equal(cost(anthropic, sonnet, used(9, 9, { raw: { service_tier: 'priority' } })), null);
    assert.equal(cost(anthropic, sonnet, used(9, 9, { raw: { inference_geo: 'us' } })), null);
    assert.equal(cost(openai, 'gpt-4o', used(9, 9, { raw: { prompt_tokens_details: { audio_tokens: 3 } } })), null);
    assert.equal(cost(openai, 'gpt-4o', used(9, 9, { serviceTier: 'flex' })), null);
    assert.equal(cost(openai, 'gpt-4o', used(9, 9, { serviceTier: 'default' })), 9 * 12_500);
    const heard = { promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 3 }] };
    assert.equal(cost(gemini, 'gemini-2.5-flash', used(9, 9, { raw: heard })), null);
    const plain = { prompt_tokens_details: { audio_tokens: 0 }, completion_tokens_details: { audio_tokens: 0 } };
    assert.equal(cost(openai, 'gpt-4o', used(9, 9, { raw: plain })), 9 * 12_500);
  });

  test('without usage the cost is null, but the source of the price is known', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: OPENAI });
    for (const usage of [null, used(null, 3), used(3, null)]) {
      const { nanoUsd, source } = book.costOf({ requestModel: 'gpt-4o', responseModel: null, usage, at: AT });
      assert.equal(nanoUsd, null);
      assert.match(source ?? '', /openai\/gpt-4o$/);
    }
  });

  test('property: a cost is a non-negative integer, at most all tokens at the highest price', async () => {
    const book = await loadPrices({ overrides: {}, baseUrl: ANTHROPIC });
    const tokens = fc.nat(2_000_000);
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, tokens, (input, output, cacheRead, cacheWrite, reasoning) => {
        const nano = cost(
          book,
          'claude-opus-4-6',
          used(input, output, { cacheReadTokens: cacheRead, cacheWriteTokens: cacheWrite, reasoningTokens: reasoning }),
        );
        assert.ok(nano !== null && Number.isSafeInteger(nano) && nano >= 0);
        assert.ok(nano <= input * 2 * 10_000 + output * 2 * 37_500, `${nano}`);
      }),
    );
  });
});

test('an unpriced book gives no cost', () => {
  const book = unpriced('A rehearsal costs nothing');
  assert.equal(book.message, 'A rehearsal costs nothing');
  assert.deepEqual(book.facts, { source: null, version: null, sha256: null, overrides: [] });
  assert.deepEqual(book.costOf({ requestModel: 'gpt-4o', responseModel: 'gpt-4o', usage: used(1, 1), at: AT }), {
    nanoUsd: null,
    source: null,
  });
  assert.equal(book.hasPrice('gpt-4o'), false);
});

test('the price library is loaded with an endpoint, not with the meter', () => {
  const entry = new URL('../../../src/meter/pricing/prices.ts', import.meta.url).href;
  const script = `import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
    const { loadPrices } = await import(${JSON.stringify(entry)});
    await loadPrices({ overrides: {}, baseUrl: null });
    const before = seen.some((url) => url.includes('genai-prices'));
    await loadPrices({ overrides: {}, baseUrl: 'https://api.openai.com/v1' });
    console.log(JSON.stringify([before, seen.some((url) => url.includes('genai-prices'))]));`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(done.stdout, '[false,true]\n', done.stderr);
});
