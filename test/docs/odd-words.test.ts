import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cliDocs } from '../../scripts/generate-cli-docs.ts';
import { errorDocs } from '../../scripts/generate-error-docs.ts';
import { oddWordsIn } from './odd-words.ts';
import { root } from './pages.ts';

/** The odd words of the lines of a text, with the lines; those of a fence are prose here, since help is shown in fences. */
const oddLinesOf = (text: string): string[] => text.split('\n').filter((line) => oddWordsIn(line).length > 0);

/** All descriptions in a JSON Schema. */
function descriptionsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'description' && typeof value === 'string' ? [value] : descriptionsOf(value),
  );
}

/** The string literals of a source file, without its comments. Code within `${…}` of a template is part of the literal. */
function stringsOf(source: string): string[] {
  const tokens = source.match(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
  return tokens.filter((token) => /^['"`]/.test(token)).map((literal) => literal.slice(1, -1));
}

describe('no odd or retired word is in', () => {
  test('the help of a command', () => {
    assert.deepEqual(oddLinesOf(cliDocs()), []);
  });

  test('the message or the fix of an error', async () => {
    assert.deepEqual(oddLinesOf(await errorDocs()), []);
  });

  for (const file of globSync('schemas/*.json', { cwd: root }).toSorted()) {
    test(`the descriptions of ${file}`, () => {
      const odd = descriptionsOf(JSON.parse(readFileSync(join(root, file), 'utf8'))).filter(
        (text) => oddWordsIn(text).length > 0,
      );
      assert.deepEqual([...new Set(odd)], []);
    });
  }

  test('a string of the sources', () => {
    const odd = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
      stringsOf(readFileSync(join(root, file), 'utf8'))
        .filter((text) => oddWordsIn(text).length > 0)
        .map((text) => `${file}: ${text}`),
    );
    assert.deepEqual(odd, []);
  });
});

test('odd words are found as whole words, whatever their case, and not in code', () => {
  assert.deepEqual(oddWordsIn('Nobody holds the figures against it'), ['Nobody', 'holds the figures against']);
  assert.deepEqual(oddWordsIn('A bearer token; `stands`; it understands.'), []);
});
