/**
 * Counts tokens where no provider does. A count of one tokeniser over text alone: it knows nothing of other models' tokens, of
 * the frame around messages, of images, or of reasoning that was never sent. It is a size, never a measurement.
 */
import { setImmediate } from 'node:timers/promises';

const TOKENIZER = 'gpt-tokenizer:o200k_base';

/** Texts; null where there is none to count. */
interface EstimatedTexts {
  readonly inputText: string | null;
  readonly outputText: string | null;
}

interface UsageEstimate {
  /** Null where there was no text. */
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly tokenizer: string;
}

/**
 * Loads the tokeniser when first called, which takes a quarter of a second and 75 MB; counts in small pieces, so that the
 * proxy goes on meanwhile. A text without characters is no text: nothing is known to be 0.
 *
 * @example
 * await estimateUsage({ inputText: 'Say hello.', outputText: null });
 * // { input_tokens: 3, output_tokens: null, tokenizer: 'gpt-tokenizer:o200k_base' }
 */
export async function estimateUsage({ inputText, outputText }: EstimatedTexts): Promise<UsageEstimate> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // A prompt may quote a special token: it is text like any other.
  const count = (text: string): number => countTokens(text, { disallowedSpecial: new Set() });
  return {
    input_tokens: await countPieces(inputText, count),
    output_tokens: await countPieces(outputText, count),
    tokenizer: TOKENIZER,
  };
}

/** The tokeniser takes the square of a long word's length, so pieces are short. A border costs a fraction of a token. */
const PIECE = 1024;
const PIECES_AT_ONCE = 8;
/** What is longer is taken to go on as it began. */
const MOST_COUNTED = 1024 * 1024;

async function countPieces(text: string | null, count: (text: string) => number): Promise<number | null> {
  if (text === null || text === '') return null;
  let tokens = 0;
  let at = 0;
  for (let pieces = 1; at < text.length && at < MOST_COUNTED; pieces += 1) {
    const end = borderAfter(text, at);
    tokens += count(text.slice(at, end));
    at = end;
    if (pieces % PIECES_AT_ONCE === 0) await setImmediate();
  }
  return Math.round(tokens * (text.length / at));
}

/** Where the piece ends that begins at `at`: before the last blank in its last eighth, where tokens end anyway, or after a whole character. */
function borderAfter(text: string, at: number): number {
  const end = at + PIECE;
  if (end >= text.length) return text.length;
  for (let border = end; border > end - PIECE / 8; border -= 1) {
    const code = text.charCodeAt(border);
    if (code === 0x20 || code === 0x0a) return border;
  }
  const low = text.charCodeAt(end);
  return low >= 0xdc00 && low <= 0xdfff ? end - 1 : end;
}
