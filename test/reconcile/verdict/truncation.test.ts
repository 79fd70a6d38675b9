/** An attempt fits one record, however large the run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_RECORD_BYTES } from '../../../src/log/index.ts';
import { truncateNames, truncateReading, truncateSteps } from '../../../src/reconcile/verdict/truncation.ts';
import type { ProviderReading, StepResolution, UsageFigures } from '../../../src/schema/index.ts';

const LARGE: UsageFigures = {
  input_tokens: 123_456_789_012,
  output_tokens: 123_456_789_012,
  cached_tokens: 123_456_789_012,
  api_calls: 123_456_789,
};

test('an attempt of maximum size fits into one record', () => {
  const steps = Array.from({ length: 5000 }, (_, index): StepResolution => ({
    step: index + 1,
    resolution: 'bound',
    seconds: 123_456.789,
    ledger: LARGE,
    at_least: LARGE,
    at_most: LARGE,
  }));
  const name = 'x'.repeat(64);
  const reading: ProviderReading = {
    fetched_at: new Date(0).toISOString(),
    total: LARGE,
    own: LARGE,
    minutes_with_usage: 1,
    shared_minutes: 1,
    shared_with: Array.from({ length: 5000 }, () => ({ framework: name, run_id: name })),
    api_keys: 1,
    models: Array.from({ length: 500 }, () => ({ model: name, ...LARGE })),
    cost: null,
  };
  const bytes = JSON.stringify([truncateSteps(steps), truncateReading(reading)]).length;
  assert.ok(bytes < MAX_RECORD_BYTES - 16 * 1024, `${bytes} bytes leave no room for the rest`);
});

test('truncation keeps steps with provider figures first and preserves the step order', () => {
  const steps = Array.from({ length: 1000 }, (_, index): StepResolution => {
    const at_most = index % 10 === 0 ? LARGE : null;
    return {
      step: index + 1,
      resolution: at_most === null ? 'not_resolvable' : 'whole',
      seconds: 1,
      ledger: LARGE,
      at_least: at_most,
      at_most,
    };
  });
  const kept = truncateSteps(steps);
  assert.equal(kept.length, 400);
  assert.equal(kept.filter(({ resolution }) => resolution === 'whole').length, 100);
  assert.deepEqual(
    kept,
    kept.toSorted((a, b) => a.step - b.step),
  );
});

test('models past the limit are summed into one entry, and names past the limit are counted', () => {
  const models = Array.from({ length: 60 }, (_, index) => ({
    model: `m${index}`,
    input_tokens: 1,
    output_tokens: 2,
    cached_tokens: null,
    api_calls: 1,
  }));
  const bounded = truncateReading({ models, shared_with: [] } as unknown as ProviderReading);
  assert.deepEqual(bounded.models.at(-1), {
    model: '(other models)',
    input_tokens: 10,
    output_tokens: 20,
    cached_tokens: null,
    api_calls: 10,
  });
  assert.equal(
    truncateNames(Array.from({ length: 12 }, (_, index) => `n${index}`)),
    'n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more',
  );
});
