import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromRecordedCounts, toRecordedCounts } from '../../src/schema/index.ts';

const COUNTS = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 10, reasoningTokens: 5 };

test('token counts are recorded under the names of OpenTelemetry and read back from them', () => {
  const recorded = toRecordedCounts(COUNTS);
  assert.deepEqual(recorded, {
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 20,
    'gen_ai.usage.cache_read.input_tokens': 40,
    'gen_ai.usage.cache_write.input_tokens': 10,
    'gen_ai.usage.reasoning.output_tokens': 5,
  });
  assert.deepEqual(fromRecordedCounts(recorded), COUNTS);
});

test('a call without usage records every count as null', () => {
  assert.deepEqual([...new Set(Object.values(toRecordedCounts(null)))], [null]);
});
