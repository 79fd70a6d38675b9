/** Every error that is defined is raised, documented and complete; every code that is named exists. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { definedErrors, errorDocs } from '../scripts/generate-error-docs.ts';
import { defineErrors, ExitCode, messageOf, StepwellError } from '../src/errors/index.ts';

const root = join(import.meta.dirname, '..');
const read = (pattern: string): Map<string, string> =>
  new Map(globSync(pattern, { cwd: root }).map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const sources = read('src/**/*.ts');
const defined = await definedErrors();

/** The codes at which `pattern` finds one in its first group. */
function named(texts: ReadonlyMap<string, string>, pattern: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const [file, text] of texts) for (const [, code = ''] of text.matchAll(pattern)) found.set(code, file);
  return found;
}

test('docs/errors.md is generated from the errors of all areas (node scripts/generate-error-docs.ts writes it)', async () => {
  assert.equal(readFileSync(join(root, 'docs/errors.md'), 'utf8'), await errorDocs());
  assert.doesNotMatch(await errorDocs(), /undefined|null,|\[object/, 'a fact is missing from FACTS');
});

test('every defined error is raised somewhere', () => {
  const raised = named(sources, /\w+Error\(\s*'([A-Z_]+)'/g);
  assert.deepEqual(
    [...defined.keys()].filter((code) => !raised.has(code)),
    [],
  );
});

test('every error is defined in a file errors.ts, where the generator of docs/errors.md finds it', () => {
  const elsewhere = [...sources].filter(([file, text]) => /^(?! \*).*defineErrors\(/m.test(text) && !file.endsWith('errors.ts'));
  assert.deepEqual(
    elsewhere.map(([file]) => file),
    [],
  );
});

test('every error code in a comparison, in a @throws or in the docs is defined', () => {
  const codes = [
    ...named(
      new Map([...sources].filter(([, text]) => text.includes('instanceof StepwellError'))),
      /\berror\.code [!=]== '([A-Z]+_[A-Z_]+)'/g,
    ),
    ...named(
      new Map([...sources].map(([file, text]) => [file, (text.match(/@throws.*(?:\n \* .*)*/g) ?? []).join('\n')])),
      /\b([A-Z]+_[A-Z_]+)\b/g,
    ),
    ...named(new Map([...read('docs/**/*.md'), ...read('README.md')]), /error\[([A-Z_]+)\]/g),
  ];
  assert.ok(codes.length > 50, `only ${codes.length} are found`);
  assert.deepEqual(
    codes.filter(([code]) => !defined.has(code) && code !== 'CODE'),
    [],
  );
});

test('an error carries code, sentence, fix, exit code and cause', () => {
  const testError = defineErrors({
    NO_TEA: (facts: { pot: string }) => ({
      sentence: `The pot ${facts.pot} is empty.`,
      fix: 'Boil water.',
      exitCode: ExitCode.usage,
    }),
  });
  const cause = new Error('why');
  const error = testError('NO_TEA', { pot: 'blue' }, { cause });
  assert.ok(error instanceof StepwellError && error instanceof Error);
  const { name, code, message, fix, exitCode } = error;
  assert.deepEqual(
    { name, code, message, fix, exitCode, cause: error.cause },
    { name: 'StepwellError', code: 'NO_TEA', message: 'The pot blue is empty.', fix: 'Boil water.', exitCode: 2, cause },
  );
  // @ts-expect-error The facts are checked.
  testError('NO_TEA', { cup: 'blue' });
  // @ts-expect-error The code is checked.
  assert.throws(() => testError('NO_COFFEE', {}), TypeError);
});

const hostile = {
  get message(): string {
    throw new Error('no');
  },
  toString() {
    throw new Error('no');
  },
};
for (const [what, thrown, message] of [
  ['an error', new TypeError('bad'), 'bad'],
  ['an error without a message', new Error(''), ''],
  ['an error of another realm', runInNewContext("new Error('theirs')"), 'theirs'],
  ['a plain object with a message', { message: 'plain' }, 'plain'],
  ['an object whose message is no text', { message: 5 }, '[object Object]'],
  ['a text', 'text', 'text'],
  ['null', null, 'null'],
  ['undefined', undefined, 'undefined'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['an object without a prototype', Object.create(null), '[no text]'],
  ['one whose getter and toString throw', hostile, '[no text]'],
  ['a proxy that refuses everything', new Proxy({}, { get: () => assert.fail('asked') }), '[no text]'],
] as const) {
  test(`messageOf ${what} returns its message and never throws`, () => assert.equal(messageOf(thrown), message));
}
