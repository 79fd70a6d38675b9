import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswer } from '../../../src/frameworks/baseline/answer-format.ts';

test('files, deletions and questions are distinguished', () => {
  const answer = parseAnswer(
    [
      'Here you are. [NEEDS CLARIFICATION: which color?]',
      '=== file: start.sh (executable) ===',
      '#!/bin/sh',
      '=== end ===',
      '=== file: docs/a b.md ===',
      '[NEEDS CLARIFICATION: inside a file this is text]',
      '=== file: not-a-file ===',
      '',
      '=== end ===',
      '=== delete: old.txt ===',
    ].join('\r\n'),
  );
  assert.deepEqual(answer, {
    files: [
      { path: 'start.sh', content: '#!/bin/sh\n', executable: true },
      {
        path: 'docs/a b.md',
        content: '[NEEDS CLARIFICATION: inside a file this is text]\n=== file: not-a-file ===\n\n',
        executable: false,
      },
    ],
    deletions: ['old.txt'],
    questions: ['which color?'],
    unfinished: null,
  });
});

test('a file without its end line counts as unfinished and is not written', () => {
  const answer = parseAnswer('=== file: a ===\n1\n=== end ===\n=== file: b ===\nhalf');
  assert.deepEqual(
    answer.files.map(({ path }) => path),
    ['a'],
  );
  assert.equal(answer.unfinished, 'b');
});

/** The content of a file whose lines all stand inside one fence. */
function fenced(path: string): string {
  return parseAnswer(`=== file: ${path} ===\n\`\`\`js\ncode\n\`\`\`\n=== end ===`).files[0]?.content ?? '';
}

test('a code fence around a whole file is removed, except in Markdown files', () => {
  assert.equal(fenced('a.js'), 'code\n');
  assert.equal(fenced('a.md'), '```js\ncode\n```\n');
});

test('a later block of the same path wins; an empty file is empty', () => {
  const { files } = parseAnswer('=== file: a ===\n1\n=== end ===\n=== file: a ===\n2\n=== end ===\n=== file: e ===\n=== end ===');
  assert.deepEqual(
    files.map(({ path, content }) => [path, content]),
    [
      ['a', '2\n'],
      ['e', ''],
    ],
  );
});
