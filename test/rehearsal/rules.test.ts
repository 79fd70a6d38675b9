import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { replyTo, loadRules, type Rule } from '../../src/rehearsal/rules.ts';

function folder(t: TestContext, files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-rules-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

function reply(rules: readonly Rule[], ...messages: [string, string][]): string | null {
  const answer = replyTo(rules, { messages: messages.map(([role, text]) => ({ role, text })), tools: [] });
  return answer?.kind === 'text' ? answer.text : null;
}

test('rules come from YAML and JSON files in name order; answer files are concatenated', async (t) => {
  const dir = folder(t, {
    'b.json': JSON.stringify({ rules: [{ name: 'three', when: { user: ['c'] }, answer: 'C' }] }),
    'a.yaml':
      'rules:\n  - { name: one, when: { user: [a] }, answer_files: [x/1.txt, x/2.txt] }\n  - { name: two, when: {}, answer: B }\n',
    'notes.md': 'not a rule',
    'x/1.txt': 'first',
    'x/2.txt': 'second',
  });
  const rules = await loadRules(dir);
  assert.deepEqual(
    rules.map(({ name }) => name),
    ['one', 'two', 'three'],
  );
  assert.equal(reply(rules, ['user', 'a']), 'first\nsecond');
  assert.equal(reply(rules, ['user', 'c']), 'B', 'a rule without conditions fits always');
});

test('the first rule whose texts all occur in the messages of their role, and none of `lacks`, matches', async (t) => {
  const dir = folder(t, {
    'rules.yaml': `
rules:
  - { name: both, when: { user: [red, blue], system: [painter] }, answer: "1" }
  - { name: fresh, when: { user: [red], lacks: { assistant: [done] } }, answer: "2" }
  - { name: red, when: { user: [red] }, answer: "3" }
`,
  });
  const rules = await loadRules(dir);
  assert.equal(reply(rules, ['developer', 'a painter'], ['user', 'red'], ['user', 'blue']), '1');
  assert.equal(reply(rules, ['system', 'red blue painter'], ['user', 'red']), '2');
  assert.equal(reply(rules, ['user', 'red'], ['assistant', 'done'], ['user', 'again']), '3');
  assert.equal(reply(rules, ['user', 'green']), null);
  assert.equal(reply(rules, ['assistant', 'red']), null);
});

test('a part of an answer is omitted if the conversation already contains its `unless` text', async (t) => {
  const dir = folder(t, {
    'rules.yaml': 'rules:\n  - { name: a, when: {}, answer_files: [{ file: 1.txt, unless: start.sh }, 2.txt] }\n',
    '1.txt': 'first',
    '2.txt': 'second',
  });
  const rules = await loadRules(dir);
  assert.equal(reply(rules, ['user', 'nothing yet'], ['assistant', 'start.sh']), 'first\nsecond');
  assert.equal(reply(rules, ['user', 'has start.sh']), 'second');
  assert.equal(reply(rules, ['user', 'nothing yet'], ['tool', 'start.sh']), 'second');
});

test('the error of an invalid rules file names the file, the place and the fix', async (t) => {
  const cases: [string, RegExp][] = [
    ['rules: [', /line 1, column \d+/],
    ['rules: []', /at rules: /],
    ['rule: []', /at rules: |"rule"/],
    ['rules:\n - { name: a, when: { users: [x] }, answer: b }', /at rules\.0\.when: .*"users"/],
    ['rules:\n - { name: a, when: { user: [x] } }', /rules\.0: a rule needs answer, answer_files or shell/],
    ['rules:\n - { name: a, when: {}, answer: b, answer_files: [c] }', /either answer or answer_files/],
    [
      'rules:\n - { name: a, when: {}, answer_files: [gone.txt] }',
      /rules\.0\.answer_files: .*gone\.txt cannot be read \(ENOENT\)/,
    ],
    ['rules:\n - { name: a, when: {}, answer: b }\n - { name: a, when: {}, answer: c }', /rules\.1\.name: the name "a" is taken/],
  ];
  for (const [text, message] of cases) {
    const dir = folder(t, { 'rules.yaml': text });
    await assert.rejects(loadRules(dir), { code: 'REHEARSAL_RULES_INVALID', message });
    await assert.rejects(loadRules(dir), { message: new RegExp(`${dir}/rules.yaml`) });
  }
});

test('a folder that is missing or has no rules is an error', async (t) => {
  const dir = folder(t, { 'readme.txt': 'empty' });
  await assert.rejects(loadRules(dir), { code: 'REHEARSAL_RULES_MISSING', message: new RegExp(dir) });
  await assert.rejects(loadRules(join(dir, 'gone')), { code: 'REHEARSAL_RULES_MISSING' });
});
