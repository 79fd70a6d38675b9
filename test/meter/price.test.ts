import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { costOf } from '../../src/meter/price.ts';
import type { Usage } from '../../src/meter/wire.ts';

function usage(input: number | null, output: number | null, cacheRead: number | null = null): Usage {
  return { input, output, cacheRead, cacheWrite: null, reasoning: null, raw: {} };
}

const PRICES = {
  mini: { input_price: 0.15, cached_price: 0.075, output_price: 0.6 },
  plain: { input_price: 1, output_price: 2 },
};

test('tokens are priced per million, cached ones at their own price', () => {
  assert.deepEqual(costOf(PRICES, 'mini', 'mini', usage(1000, 10, 400)), {
    nanoUsd: 600 * 150 + 400 * 75 + 10 * 600,
    source: 'config:mini',
  });
  assert.equal(costOf(PRICES, 'plain', 'plain', usage(3, 1, 2)).nanoUsd, 5000);
});

test('the model that answered is priced, else the one asked for; a rehearsal never at the price of another', () => {
  assert.equal(costOf(PRICES, 'mini', 'plain', usage(1, 0)).source, 'config:plain');
  assert.equal(costOf(PRICES, 'mini', 'mini-2026-01-01', usage(1, 0)).source, 'config:mini');
  assert.deepEqual(costOf(PRICES, 'mini', 'rehearsal', usage(1, 1)), { nanoUsd: null, source: null });
  assert.deepEqual(costOf(PRICES, 'toString', null, usage(1, 1)), { nanoUsd: null, source: null });
});

test('without usage there is no cost', () => {
  for (const unknown of [null, usage(null, 3), usage(3, null)]) assert.equal(costOf(PRICES, 'mini', null, unknown).nanoUsd, null);
});

test('a fraction of a nano-dollar is rounded once, half up', () => {
  const prices = { m: { input_price: 0.0005, output_price: 0 } };
  assert.equal(costOf(prices, 'm', null, usage(1, 0)).nanoUsd, 1);
  assert.equal(costOf(prices, 'm', null, usage(3, 0)).nanoUsd, 2);
  assert.equal(costOf({ m: { input_price: 0.000499, output_price: 0 } }, 'm', null, usage(1, 0)).nanoUsd, 0);
});

test('property: a price of whole thousandths of a dollar is exact', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(2_000_000), fc.nat(2_000_000), (thousandths, input, output) => {
      const price = thousandths / 1000;
      const cost = costOf({ m: { input_price: price, output_price: price } }, 'm', null, usage(input, output));
      assert.equal(cost.nanoUsd, thousandths * (input + output));
    }),
  );
});
