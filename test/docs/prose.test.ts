/** How pages are written: short lines, American spelling, the field's words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oddWordsIn } from './odd-words.ts';
import { pages, proseOf } from './pages.ts';

/** A prose line has fewer characters than this. Rows of tables and pictures may be longer: Markdown cannot break them. */
const LINE_LIMIT = 120;

/** A row of a table, a tag, or a picture alone on its line. */
const UNBREAKABLE = /^\s*[|<]|^!\[[^\]]*\]\([^)]*\)$/;

const BRITISH =
  /\b(?:\w+isations?|organis\w*|recognis\w*|serialis\w*|normalis\w*|tokenis\w*|artefacts?|behaviours?|colour\w*|catalogues?|licen[c]e[sd]?|neighbour\w*|cancell(?:ed|ing)|learnt|enrolments?)\b/i;

/** The text of a line outside of code and links. */
const words = (text: string): string => text.replace(/`[^`]*`/g, '').replace(/\]\([^)]*\)/g, ']');

for (const page of pages) {
  test(`the prose lines of ${page} have fewer than ${LINE_LIMIT} characters`, () => {
    const long = proseOf(page).filter(({ text }) => !UNBREAKABLE.test(text) && text.length >= LINE_LIMIT);
    assert.deepEqual(long, []);
  });

  test(`${page} is in American spelling`, () => {
    const found = proseOf(page).flatMap(({ line, text }) => BRITISH.exec(words(text))?.map((word) => `${line}: ${word}`) ?? []);
    assert.deepEqual(found, []);
  });

  test(`${page} has no odd or retired word`, () => {
    const found = proseOf(page).flatMap(({ line, text }) => oddWordsIn(words(text)).map((word) => `${line}: ${word}`));
    assert.deepEqual(found, []);
  });
}
