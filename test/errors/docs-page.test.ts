import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { docsPage } from '../../src/errors/index.ts';

const root = join(import.meta.dirname, '../..');

test('a page is named by its path below the current directory, and by its absolute path elsewhere', () => {
  assert.equal(docsPage('metering.md', root), 'docs/metering.md');
  assert.equal(docsPage('metering.md', join(root, '..')), join(root, 'docs/metering.md').slice(join(root, '..').length + 1));
  assert.equal(docsPage('metering.md', join(root, 'src')), join(root, 'docs/metering.md'));
});

test('messages name pages of the docs by docsPage, and each page is there', () => {
  const sources = globSync('src/**/*.ts', { cwd: root, exclude: ['src/errors/docs-page.ts'] });
  const code = sources.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line))
      .map((line) => ({ file, line })),
  );
  assert.deepEqual(
    code.filter(({ line }) => /\bdocs\/[\w./-]+\.md/.test(line)),
    [],
  );
  const named = code.flatMap(({ line }) => [...line.matchAll(/docsPage\('([^']+)'/g)].map((found) => found[1] ?? ''));
  assert.ok(named.length >= 2, 'pages are found');
  for (const page of named) assert.ok(existsSync(join(root, 'docs', page)), page);
});
