/** The public API: what is declared is what was agreed, can be named, and says what it is. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { apiText, declaredApi, entryFiles, goldenOf } from '../scripts/api/declared.ts';

const entries = declaredApi();

test('the files at the top of src are the entries of the package', () => {
  const files = globSync('*.ts', { cwd: join(import.meta.dirname, '../src') });
  assert.deepEqual(
    files.toSorted(),
    entryFiles()
      .map(({ file }) => basename(file))
      .toSorted(),
  );
});

for (const entry of entries) {
  test(`${entry.name} declares what its golden says`, () => {
    const agreed = readFileSync(goldenOf(entry.name), 'utf8');
    assert.equal(apiText(entry), agreed, 'run node scripts/generate-api.ts, and tell users in CHANGELOG.md');
  });

  test(`every type that ${entry.name} names can be imported from it`, () => {
    assert.deepEqual(entry.unnamed, []);
  });

  test(`every public member of ${entry.name} has a doc comment`, () => {
    assert.deepEqual(entry.undocumented, []);
  });
}
