/** The time in a line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Clock } from '../../src/log/template.ts';

test('the clock never runs backwards and formats times as Date does', () => {
  let now = 0;
  const clock = new Clock(() => now);
  const times: number[] = [];
  for (const next of [1000, 2000, 1500, 1999, 2001, 0]) {
    now = next;
    times.push(clock.read());
  }
  assert.deepEqual(times, [1000, 2000, 2000, 2000, 2001, 2001]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) =>
      assert.equal(Buffer.from(clock.format(ms)).toString(), new Date(ms).toISOString()),
    ),
  );
});
