import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAmount, toUsd } from '../../../src/reconcile/api/amount.ts';

test('amounts are read exactly, as text and as numbers', () => {
  for (const [given, shift, usd] of [
    ['123.45', -2, 1.2345],
    ['41280.000000', -2, 412.8],
    [0.06, 0, 0.06],
    [1e-7, 0, 1e-7],
    ['1.5E2', 0, 150],
    ['-0.5', 0, -0.5],
    ['0', 0, 0],
    ['0.0000000000019', 0, 1e-12],
    [1e21, 0, 1e21],
  ] as const) {
    const amount = readAmount(given, shift);
    assert.ok(amount !== null, String(given));
    assert.equal(toUsd(amount), usd, String(given));
  }
});

test('a value that is not an amount parses as null', () => {
  for (const given of ['', 'abc', '1,5', '$1', '1.2.3', NaN, Infinity, '0x10', '.5', '1e9999']) {
    assert.equal(readAmount(given), null, String(given));
  }
});

test('sums of cents are exact', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { maxLength: 50 }), (cents) => {
      const sum = cents.reduce((total, one) => total + (readAmount(`${one}`, -2) ?? 0n), 0n);
      assert.equal(toUsd(sum), cents.reduce((total, one) => total + one, 0) / 100);
    }),
  );
});
