import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorBody } from '../../../src/meter/wires/error.ts';
import { providerOf, wireOf } from '../../../src/meter/wires/table.ts';

const PATHS: readonly [method: string, path: string, name: string | null][] = [
  ['POST', '/v1/chat/completions', 'openai.chat'],
  ['GET', '/v1/chat/completions', null],
  ['POST', '/chat/completions', null],
  ['POST', '/v1/responses', 'openai.responses'],
  ['POST', '/v1/responses/compact', 'openai.responses'],
  ['GET', '/v1/responses/resp_1', null],
  ['POST', '/v1/responses/input_tokens', 'openai.input_tokens'],
  ['POST', '/v1/embeddings', 'openai.embeddings'],
  ['GET', '/v1/models', 'openai.models'],
  ['GET', '/v1/models/org/model', 'openai.models'],
  ['DELETE', '/v1/models/mine', null],
  ['POST', '/v1/messages', 'anthropic.messages'],
  ['POST', '/v1/messages/count_tokens', 'anthropic.count_tokens'],
  ['POST', '/v1/messages/batches', null],
  ['POST', '/v1beta/models/gemini-2.5-pro:generateContent', 'gemini.generateContent'],
  ['POST', '/v1beta/tunedModels/mine:generateContent', 'gemini.generateContent'],
  ['POST', '/v1/models/gemini-2.5-pro:streamGenerateContent', 'gemini.streamGenerateContent'],
  ['POST', '/v1beta/models/gemini-2.5-pro:countTokens', 'gemini.countTokens'],
  ['POST', '/v1beta/models/gemini-2.5-pro:batchGenerateContent', null],
  ['GET', '/v1beta/models', 'gemini.models'],
  ['HEAD', '/', null],
];

test('each path is matched to its wire', () => {
  for (const [method, path, name] of PATHS) assert.equal(wireOf(method, path)?.name ?? null, name, `${method} ${path}`);
});

test('only requests that use tokens are metered', () => {
  const lookups = PATHS.flatMap(([method, path]) => wireOf(method, path) ?? []).filter((wire) => wire.lookup);
  assert.deepEqual(
    [...new Set(lookups.map((wire) => wire.name))],
    ['openai.input_tokens', 'openai.models', 'anthropic.count_tokens', 'gemini.countTokens', 'gemini.models'],
  );
});

test('error bodies have the format that each provider’s client expects', () => {
  const refusal = { status: 429, code: 'budget_exceeded', message: 'used up' };
  const worded = (path: string) => JSON.parse(errorBody(providerOf(path), refusal)) as unknown;
  assert.deepEqual(worded('/v1/images/generations'), {
    error: { message: 'used up', type: 'insufficient_quota', param: null, code: 'budget_exceeded' },
  });
  assert.deepEqual(worded('/v1/messages/batches'), { type: 'error', error: { type: 'rate_limit_error', message: 'used up' } });
  assert.deepEqual(worded('/v1beta/models/x:embedContent'), {
    error: { code: 429, message: 'used up', status: 'RESOURCE_EXHAUSTED' },
  });

  const types = (status: number) =>
    (['openai', 'anthropic', 'gemini'] as const).map((provider) => {
      const { error } = JSON.parse(errorBody(provider, { status, code: 'x', message: 'y' })) as {
        error: Record<string, unknown>;
      };
      return error['status'] ?? error['type'];
    });
  assert.deepEqual(types(404), ['invalid_request_error', 'not_found_error', 'NOT_FOUND']);
  assert.deepEqual(types(502), ['server_error', 'api_error', 'UNAVAILABLE']);
  assert.deepEqual(types(418), ['invalid_request_error', 'invalid_request_error', 'INVALID_ARGUMENT']);
  assert.deepEqual(types(500), ['server_error', 'api_error', 'INTERNAL']);
});
