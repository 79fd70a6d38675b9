/** A reader finds every page from docs/README.md, and every link between pages leads somewhere. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { pages, proseOf, root } from './pages.ts';

/** The targets of the links of a page, without those to other sites; relative to the root, with their `#…`. */
function linksOf(page: string): string[] {
  const links = proseOf(page).flatMap(({ text }) => [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]);
  return links
    .map((match) => match[1] ?? match[2]!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => (target.startsWith('#') ? `${page}${target}` : relative(root, join(root, dirname(page), target))));
}

/** The names by which GitHub links to the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = proseOf(page).filter(({ text }) => /^#+ /.test(text));
  return headings.map(({ text }) =>
    text
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('docs/README.md lists every page of docs once, and nothing twice', () => {
  const listed = linksOf('docs/README.md')
    .filter((target) => target.startsWith('docs/') && target.endsWith('.md'))
    .toSorted();
  const expected = pages.filter((page) => /^docs\/(?!decisions\/)/.test(page) && page !== 'docs/README.md');
  assert.deepEqual(listed, [...expected, 'docs/decisions/README.md'].toSorted());
});

test('docs/decisions/README.md lists every decision once, by its title', () => {
  const text = readFileSync(join(root, 'docs/decisions/README.md'), 'utf8');
  const listed = [...text.matchAll(/^- \[(.+)\]\((\S+)\)$/gm)].map(([, title, file]) => `${file}: ${title}`);
  const expected = globSync('*.md', { cwd: join(root, 'docs/decisions') })
    .filter((file) => file !== 'README.md')
    .map((file) => `${file}: ${proseOf(`docs/decisions/${file}`)[0]!.text.replace(/^# /, '')}`);
  assert.deepEqual(listed.toSorted(), expected.toSorted());
});

for (const page of pages) {
  test(`every link of ${page} leads to a file and a heading that exist`, () => {
    const dead = linksOf(page).filter((target) => {
      const [file = '', anchor] = target.split('#');
      return !existsSync(join(root, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
    });
    assert.deepEqual(dead, []);
  });
}
