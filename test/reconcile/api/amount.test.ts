import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAmount, toUsd } from '../../../src/reconcile/api/amount.ts';
import { retryAfterMs } from '../../../src/reconcile/api/retry-after.ts';

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

test('what is no amount is none', () => {
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

test('retry-after is seconds or a date, and nothing else', () => {
  const now = new Date('2026-03-02T12:00:00Z');
  for (const [header, ms] of [
    ['0', 0],
    ['17', 17_000],
    ['0.5', 500],
    ['Mon, 02 Mar 2026 12:00:30 GMT', 30_000],
    ['Mon, 02 Mar 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-1', null],
    ['', null],
    [null, null],
  ] as const) {
    assert.equal(retryAfterMs(header, now), ms, String(header));
  }
});
