/** Trigrams: three adjacent characters of a text, as a hash. */

/** The hash of three characters: `((a << 10) ^ (b << 5) ^ c) & TRIGRAM_MASK`. */
export const TRIGRAM_MASK = 0x7fff;

/** One bit for each hash: 4 KiB, which stay in the processor's nearest cache. */
export type TrigramBits = Int32Array;

/** Offsets of the two adjacent trigrams of a text that are rarest in other texts. */
export function rarestPair(text: string): [number, number] {
  let best = 0;
  let bestRarity = -1;
  for (let at = 0; at + 4 <= text.length; at++) {
    const rarity = rarityOf(text, at) + 2 * (rarityOf(text, at + 1) + rarityOf(text, at + 2)) + rarityOf(text, at + 3);
    if (rarity <= bestRarity) continue;
    bestRarity = rarity;
    best = at;
  }
  return [best, best + 1];
}

/** Digits next to capitals are rare in prose and in code; small letters are everywhere. */
function rarityOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 97 && code <= 122) return code === 113 || code === 120 || code === 122 || code === 106 ? 3 : 1;
  if (code >= 65 && code <= 90) return 4;
  if (code >= 48 && code <= 57) return 3;
  return 2;
}
