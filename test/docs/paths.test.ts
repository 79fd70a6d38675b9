/** A file of the project that a page names is there. Decisions tell of the day they were made, and may name what is gone. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const PATH =
  /(?<![\w/.-])(?:src|test|bench|scripts|runners|bin|config|schemas|formats|docs|examples)\/[\w./-]*\w\.(?:ts|mjs|js|sh|md|yaml|json|txt|py)\b/g;
/** What a reader's own experiment has, or is made by a command. */
const OF_READERS = /^(?:config\/|examples\/my-)/;

for (const page of [
  'README.md',
  'CONTRIBUTING.md',
  'AGENTS.md',
  ...globSync('docs/{*,frameworks/*}.md', { cwd: root }).toSorted(),
]) {
  test(`every file that ${page} names is there`, () => {
    const named = new Set(readFileSync(join(root, page), 'utf8').match(PATH));
    assert.deepEqual(
      [...named].filter((path) => !OF_READERS.test(path) && !existsSync(join(root, path))),
      [],
    );
  });
}
