import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from '../../../src/cli/views/table.ts';

test('a table aligns its columns, cuts long cells and has no trailing blanks', () => {
  assert.deepEqual(
    table(
      [{ title: 'A', most: 4 }, { title: 'LONG', align: 'right' }, { title: 'C' }],
      [
        ['漢字漢字', '1', ''],
        ['b', '12345', 'c'],
      ],
    ),
    ['A     LONG  C', '漢…      1', 'b    12345  c'],
  );
  // A framework's name is a title.
  assert.deepEqual(table([{ title: '漢字' }, { title: 'B' }], [['a', 'b']]), ['漢字  B', 'a     b']);
});
