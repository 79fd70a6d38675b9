import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateUsage } from '../../src/meter/estimate.ts';

async function tokensOf(inputText: string): Promise<number> {
  return (await estimateUsage({ inputText, outputText: null })).input_tokens ?? assert.fail();
}

test('counts the two texts apart, and names the tokeniser', async () => {
  assert.deepEqual(await estimateUsage({ inputText: 'Say hello.', outputText: 'Hello!' }), {
    input_tokens: 3,
    output_tokens: 2,
    tokenizer: 'gpt-tokenizer:o200k_base',
  });
});

test('no text is unknown and not 0', async () => {
  const { input_tokens, output_tokens } = await estimateUsage({ inputText: null, outputText: '' });
  assert.deepEqual([input_tokens, output_tokens], [null, null]);
});

test('special tokens and broken characters in a prompt are text', async () => {
  assert.ok((await tokensOf('before <|endoftext|> after')) > 3);
  assert.ok((await tokensOf('half \ud800 a pair')) > 3);
});

test('counting in pieces is nearly counting at once', async () => {
  const prose = 'The quick brown fox; jumps(over) the lazy dog: Grüße an 学生 🎓!\n'.repeat(400);
  const exact = countTokens(prose);
  const pieces = await tokensOf(prose);
  assert.ok(Math.abs(pieces - exact) <= exact * 0.01, `${pieces} of ${exact}`);
});

test('a long word does not hold up others, and what is longer than is counted goes on as it began', async () => {
  let turns = 0;
  const word = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(30_000);
  const counting = tokensOf(word);
  const turn = (): void => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  const tokens = await counting;
  clearImmediate(next);
  assert.ok(turns > 100, `${turns} turns of the loop`);
  const begun = await tokensOf(word.slice(0, word.length / 4));
  assert.ok(Math.abs(tokens - 4 * begun) <= tokens * 0.01, `${tokens} is not 4 × ${begun}`);
});
