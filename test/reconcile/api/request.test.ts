import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfterMs } from '../../../src/reconcile/api/request.ts';

test('retry-after is parsed as seconds or as a date, and otherwise ignored', () => {
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
