import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDiff } from '../../src/cassette/diff.ts';

test('the first difference is reported with the values of both sides', () => {
  const request = (content: string, more: object = {}): string =>
    JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more });
  assert.equal(firstDiff(request('same'), ` ${request('same')}`), null);
  assert.deepEqual(firstDiff(request('The date is Monday.'), request('The date is Tuesday.')), {
    place: 'messages.0.content, character 13',
    recorded: '"The date is Monday."',
    requested: '"The date is Tuesday."',
  });
  assert.deepEqual(firstDiff(request('x'), request('x', { seed: 7 })), { place: 'seed', recorded: 'nothing', requested: '7' });
  assert.deepEqual(firstDiff('plain one', 'plain two'), {
    place: 'character 7',
    recorded: '"plain one"',
    requested: '"plain two"',
  });
  const long = 'x'.repeat(5000);
  const found = firstDiff(request(`${long}a${long}`), request(`${long}b${long}`));
  assert.equal(found?.place, 'messages.0.content, character 5001');
  assert.match(found?.recorded ?? '', /^"…x{30}ax{49}…"$/);
});
