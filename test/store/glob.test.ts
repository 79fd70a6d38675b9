import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGlob } from '../../src/store/index.ts';

const cases: [pattern: string, fits: string[], not: string[]][] = [
  ['start.sh', ['start.sh', 'a/start.sh', 'start.sh/inside'], ['start.shx', 'xstart.sh']],
  ['/start.sh', ['start.sh'], ['a/start.sh']],
  ['./start.sh', ['start.sh'], ['a/start.sh']],
  ['*.md', ['a.md', 'docs/b.md', '.md'], ['a.mdx', 'md']],
  ['data/', ['data/x', 'a/data/b/c'], ['data', 'xdata/y']],
  ['src/*.js', ['src/a.js'], ['src/a/b.js', 'x/src/a.js']],
  ['src/**/*.js', ['src/a.js', 'src/a/b.js'], ['lib/a.js']],
  ['**/test', ['test', 'a/b/test', 'a/test/x'], ['tests']],
  ['src/**', ['src/a', 'src/a/b'], ['src', 'source/a']],
  ['fi?e', ['file', 'x/fine'], ['fie', 'fi/e']],
  ['a+(b).[c]', ['a+(b).[c]'], ['aab.c']],
  ['', [], ['a', 'a/b', 'a/']],
  ['/', [], ['a', 'a/b', 'a/']],
];
for (const [pattern, fits, not] of cases) {
  test(`the pattern ${pattern}`, () => {
    const glob = createGlob(pattern);
    assert.deepEqual(
      [...fits, ...not].filter((path) => glob(path)),
      fits,
    );
  });
}
