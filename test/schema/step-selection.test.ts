import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInRanges, parseStepRanges, selectSteps } from '../../src/schema/index.ts';

test('step ranges of a reader: whatever lies between the ends', () => {
  const parsed = parseStepRanges('1, 3-5');
  assert.ok('ranges' in parsed);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].filter((step) => isInRanges(step, parsed.ranges)),
    [1, 3, 4, 5],
  );
});

for (const text of ['', ' ', 'x', '1-', '5-3', '1,,2', '-1', '1.5', '1e3', '+2', '99999999999']) {
  test(`${JSON.stringify(text)} names no steps, neither to run nor to read`, () => {
    assert.ok('problem' in parseStepRanges(text));
    assert.ok('problem' in selectSteps(text, [1, 2, 3, 4, 5]));
  });
}

test('steps to run: the ends of a range exist, the order is that of the file', () => {
  assert.deepEqual(selectSteps('1-9', [4, 1, 9]), { ids: new Set([4, 1, 9]) });
  assert.match(JSON.stringify(selectSteps('1-8', [4, 1, 9])), /there is no step 8/);
});
