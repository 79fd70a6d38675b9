import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateUsage } from '../../../src/meter/estimates/count.ts';

async function tokensOf(inputText: string): Promise<number> {
  return (await estimateUsage({ inputText, outputText: null })).input_tokens ?? assert.fail();
}

test('an estimate counts input and output separately and names the tokenizer', async () => {
  assert.deepEqual(await estimateUsage({ inputText: 'Say hello.', outputText: 'Hello!' }), {
    input_tokens: 3,
    output_tokens: 2,
    tokenizer: 'gpt-tokenizer:o200k_base',
  });
});

test('the estimate of an empty text is null, not 0', async () => {
  const { input_tokens, output_tokens } = await estimateUsage({ inputText: null, outputText: '' });
  assert.deepEqual([input_tokens, output_tokens], [null, null]);
});

test('special tokens and invalid characters in a prompt are counted as text', async () => {
  assert.ok((await tokensOf('before <|endoftext|> after')) > 3);
  assert.ok((await tokensOf('half \ud800 a pair')) > 3);
});

test('counting in chunks gives nearly the same result as counting at once', async () => {
  const code = 'const fox = jumps(over, "lazy dogs"); // Grüße an 学生\n'.repeat(400);
  const [exact, pieces] = [countTokens(code), await tokensOf(code)];
  assert.ok(Math.abs(pieces - exact) <= exact * 0.005, `${pieces} of ${exact}`);
});

test('chunks end between words and never inside a character', async () => {
  for (const text of ['internationalisation '.repeat(500), `x${'🎓'.repeat(2000)}`]) {
    assert.equal(await tokensOf(text), countTokens(text));
  }
});

test('counting a long word does not block the event loop', async () => {
  let turns = 0;
  const word = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(30_000);
  const counting = tokensOf(word);
  const turn = (): void => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  await counting;
  clearImmediate(next);
  assert.ok(turns > 100, `${turns} turns of the loop`);
});

test('the count of a very long text is extrapolated from its beginning', async () => {
  const counted = 1024 * 1024;
  const begun = 'word '.repeat(counted / 4).slice(0, counted);
  const [part, all] = [await tokensOf(begun), await tokensOf(begun + '!?'.repeat(counted / 2))];
  assert.ok(Math.abs(all - 2 * part) <= part * 0.01, `${all} is not 2 × ${part}`);
});
