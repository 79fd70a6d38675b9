/**
 * Estimates token counts where the provider reports none. One tokenizer counts text alone: it knows nothing about other models'
 * tokens, the framing of messages, images, or reasoning that was never sent. It gives an order of magnitude, not a measurement.
 */
import { setImmediate } from 'node:timers/promises';

const TOKENIZER = 'gpt-tokenizer:o200k_base';

/** The texts to count; null when there is none. */
interface EstimatedTexts {
  readonly inputText: string | null;
  readonly outputText: string | null;
}

interface UsageEstimate {
  /** Null when there was no text. */
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly tokenizer: string;
}

/**
 * Loads the tokenizer on the first call, which takes a quarter of a second and 75 MB. Counts in small chunks, so that the event
 * loop is not blocked. An empty text counts as no text: the result is null, not 0.
 *
 * @example
 * await estimateUsage({ inputText: 'Say hello.', outputText: null });
 * // { input_tokens: 3, output_tokens: null, tokenizer: 'gpt-tokenizer:o200k_base' }
 */
export async function estimateUsage({ inputText, outputText }: EstimatedTexts): Promise<UsageEstimate> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // A prompt may quote a special token; treat it as ordinary text.
  const count = (text: string): number => countTokens(text, { disallowedSpecial: new Set() });
  return {
    input_tokens: await countInChunks(inputText, count),
    output_tokens: await countInChunks(outputText, count),
    tokenizer: TOKENIZER,
  };
}

/** The tokenizer needs quadratic time for a long word, so chunks are short. A boundary costs a fraction of a token. */
const CHUNK_CHARS = 1024;
const CHUNKS_PER_TURN = 8;
/** The count of a longer text is extrapolated from its beginning. */
const MAX_COUNTED_CHARS = 1024 * 1024;

async function countInChunks(text: string | null, count: (text: string) => number): Promise<number | null> {
  if (text === null || text === '') return null;
  let tokens = 0;
  let at = 0;
  for (let chunks = 1; at < text.length && at < MAX_COUNTED_CHARS; chunks += 1) {
    const end = chunkEnd(text, at);
    tokens += count(text.slice(at, end));
    at = end;
    if (chunks % CHUNKS_PER_TURN === 0) await setImmediate();
  }
  return Math.round(tokens * (text.length / at));
}

/**
 * Where the chunk that starts at `at` ends: before the last space in its last eighth, where a token ends anyway, or after a
 * complete character.
 */
function chunkEnd(text: string, at: number): number {
  const end = at + CHUNK_CHARS;
  if (end >= text.length) return text.length;
  for (let boundary = end; boundary > end - CHUNK_CHARS / 8; boundary -= 1) {
    const code = text.charCodeAt(boundary);
    if (code === 0x20 || code === 0x0a) return boundary;
  }
  const low = text.charCodeAt(end);
  return low >= 0xdc00 && low <= 0xdfff ? end - 1 : end;
}
