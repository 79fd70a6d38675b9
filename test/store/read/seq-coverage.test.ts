import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { SeqCoverage } from '../../../src/store/index.ts';

test('gaps and repetitions are found for numbers in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 })), (numbers) => {
      const coverage = new SeqCoverage();
      const seen = new Set<number>();
      for (const seq of numbers) {
        assert.equal(coverage.add(seq), !seen.has(seq));
        seen.add(seq);
      }
      const wanted = Array.from({ length: Math.max(0, ...numbers) }, (_, at) => at + 1).filter((seq) => !seen.has(seq));
      const named = coverage.gaps().flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
      assert.deepEqual(named, wanted);
      assert.equal(coverage.missing, wanted.length);
    }),
  );
});
