/** The pictures of the docs are well-formed, readable on a light and a dark page, and shown by a page with a text for screen readers. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { pages, root } from './pages.ts';

const pictures = globSync('docs/pictures/*', { cwd: root }).toSorted();

/** The names of the elements that are open at the end of an XML text, or the first tag that closes another one than the last. */
function unclosed(xml: string): string[] {
  const open: string[] = [];
  const rest = xml.replace(/<!--.*?-->/gs, '');
  for (const [, closing, name = '', own] of rest.matchAll(/<(\/?)([a-zA-Z][\w:-]*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (own === '/') continue;
    if (closing === '') open.push(name);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  return open;
}

test('a tag that is not closed, or closed in the wrong order, is found', () => {
  assert.deepEqual(unclosed('<svg><text>a</text><path d="M0 0"/></svg>'), []);
  assert.deepEqual(unclosed('<svg><text>a</svg>'), ['</svg>']);
  assert.deepEqual(unclosed('<svg><g>'), ['svg', 'g']);
});

test('there are pictures, and all are SVG', () => {
  assert.ok(pictures.length >= 2);
  assert.deepEqual(
    pictures.filter((file) => !file.endsWith('.svg')),
    [],
  );
});

for (const file of pictures) {
  const svg = readFileSync(join(root, file), 'utf8');

  test(`${file} is well-formed`, () => {
    assert.deepEqual(unclosed(svg), []);
    assert.doesNotMatch(svg.replace(/<style>.*?<\/style>/s, ''), /&(?!(?:amp|lt|gt|quot|apos|#\d+);)|<(?![/a-zA-Z])/);
  });

  test(`${file} is 800 pixels wide, has a title, a description, a dark form, and no text below 12 pixels`, () => {
    assert.match(svg, /^<svg [^>]*viewBox="0 0 800 \d+" width="800"/);
    assert.match(svg, /<title id="title">[^<]+<\/title>\s*<desc id="desc">[^<]+<\/desc>/);
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/);
    const sizes = [...svg.matchAll(/(\d+(?:\.\d+)?)px/g)].map((match) => Number(match[1]));
    assert.ok(sizes.length > 0 && Math.min(...sizes) >= 12);
    assert.doesNotMatch(svg, /<image|href=|<script/);
  });

  test(`${file} is shown by a page, with a text in its place`, () => {
    const shown = pages.some((page) => {
      const links = readFileSync(join(root, page), 'utf8').matchAll(/!\[([^\]]+)\]\(([^)]+)\)/g);
      return [...links].some(([, alt, target]) => alt!.length > 20 && target!.endsWith(`pictures/${basename(file)}`));
    });
    assert.ok(shown, 'no page shows it');
  });
}
