/** What a wrong configuration is answered with, word for word. `UPDATE_GOLDEN=1` writes the files anew. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StepwellError } from '../../src/errors/index.ts';
import { adapters } from '../../src/frameworks/index.ts';
import { loadConfig } from '../../src/config/index.ts';

const input = join(import.meta.dirname, 'input');
const golden = join(import.meta.dirname, 'golden');
const env = {
  OPENAI_API_KEY: 'a-key-of-the-environment',
  BASE_URL: 'https://api.example.org',
  BLANK_KEY: 'two words',
  A_KEY_ID: 'sk-the-key-itself',
};

for (const file of readdirSync(input).filter((name) => name.endsWith('.yaml'))) {
  test(`the result for ${file} matches its golden file`, () => {
    let answer: string;
    try {
      loadConfig({ adapters, file, env, cwd: input });
      answer = 'accepted\n';
    } catch (error) {
      if (!(error instanceof StepwellError)) throw error;
      assert.equal(error.exitCode, 2);
      answer = `${error.code}\n${error.message}\nFix: ${error.fix}\n`;
    }
    const expected = join(golden, file.replace('.yaml', '.txt'));
    if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(expected, answer);
    assert.equal(answer, readFileSync(expected, 'utf8'));
  });
}
