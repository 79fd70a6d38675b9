import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mismatch, readJsonPath } from '../../src/validate/json.ts';
import { fillIn, fillText, MissingValue } from '../../src/validate/placeholders.ts';

const matches: [expected: unknown, actual: unknown][] = [
  [1, 1],
  [null, null],
  [{}, { a: 1 }],
  [{ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }],
  [[], [1, 2]],
  [
    [2, 1],
    [1, 2, 3],
  ],
  [[{ id: 2 }], [{ id: 1 }, { id: 2, name: 'x' }]],
];
for (const [expected, actual] of matches) {
  test(`${JSON.stringify(actual)} contains ${JSON.stringify(expected)}`, () => assert.equal(mismatch(expected, actual), null));
}

const differences: [expected: unknown, actual: unknown, says: string][] = [
  [1, '1', '$ is "1", expected 1'],
  [null, undefined, '$ is nothing, expected null'],
  [{ a: null }, {}, '$.a is missing'],
  [{ a: { b: 1 } }, { a: [] }, '$.a is [], expected an object'],
  [{ a: { b: 1 } }, { a: { b: 2 } }, '$.a.b is 2, expected 1'],
  [{ a: [1] }, { a: { 0: 1 } }, '$.a is {"0":1}, expected a list'],
  [[{ id: 3 }], [{ id: 1 }], '$ (1 entries) has no entry that matches {"id":3}'],
  [{ toString: 1 }, {}, '$.toString is missing'],
];
for (const [expected, actual, says] of differences) {
  test(`${JSON.stringify(actual)} does not contain ${JSON.stringify(expected)}`, () =>
    assert.equal(mismatch(expected, actual), says));
}

test('JSON paths read values of a response', () => {
  const answer = { id: 0, data: { items: [{ id: 'x' }] } };
  assert.deepEqual(readJsonPath(answer, 'id'), { value: 0 });
  assert.deepEqual(readJsonPath(answer, 'data.items[0].id'), { value: 'x' });
  assert.deepEqual(readJsonPath(answer, '$.data.items.0.id'), { value: 'x' });
  assert.deepEqual(readJsonPath(answer, '$'), { value: answer });
  assert.deepEqual(readJsonPath(answer, 'data.items[1].id'), { missing: '$.data.items[1]' });
  assert.deepEqual(readJsonPath('text', 'length'), { missing: '$.length' });
  assert.deepEqual(readJsonPath({}, 'constructor'), { missing: '$.constructor' });
});

test('a placeholder alone keeps the type of its value; inside text it becomes text', () => {
  const values = new Map<string, unknown>([
    ['id', 7],
    ['name', 'Ada & Co'],
    ['tags', ['a']],
  ]);
  assert.deepEqual(fillIn({ a: '{{id}}', b: ['no. {{ id }}'], c: '{{tags}}', d: 1 }, values), {
    a: 7,
    b: ['no. 7'],
    c: ['a'],
    d: 1,
  });
  assert.equal(fillText('/x/{{name}}?{{tags}}', values, encodeURIComponent), '/x/Ada%20%26%20Co?%5B%22a%22%5D');
  assert.throws(() => fillIn(['{{other}}'], values), MissingValue);
});
