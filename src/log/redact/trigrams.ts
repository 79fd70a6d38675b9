/**
 * A table of letter triples that tells, at about a nanosecond a character, that a text holds no secret.
 * The last three characters stand in 15 bits: `hash = ((hash << 5) ^ code) & TRIGRAM_MASK`.
 */
export const TRIGRAM_MASK = 0x7fff;

/** One bit for each triple: 4 KiB, which stay in the processor's nearest cache. */
export type Trigrams = Int32Array;

export function trigramTable(): Trigrams {
  return new Int32Array((TRIGRAM_MASK + 1) >> 5);
}

/** Marks `text`'s rarest triple. */
export function markTrigram(table: Trigrams, text: string): void {
  let best = 0;
  let bestRarity = -1;
  for (let at = 0; at + 3 <= text.length; at++) {
    const rarity = rarityOf(text.charCodeAt(at)) + rarityOf(text.charCodeAt(at + 1)) + rarityOf(text.charCodeAt(at + 2));
    if (rarity <= bestRarity) continue;
    bestRarity = rarity;
    best = at;
  }
  let hash = 0;
  for (let at = best; at < best + 3; at++) hash = ((hash << 5) ^ text.charCodeAt(at)) & TRIGRAM_MASK;
  table[hash >> 5] = (table[hash >> 5] as number) | (1 << (hash & 31));
}

/** Whether some marked triple stands in `text`. */
export function hasTrigram(table: Trigrams, text: string): boolean {
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    hash = ((hash << 5) ^ text.charCodeAt(at)) & TRIGRAM_MASK;
    if ((((table[hash >> 5] as number) >> (hash & 31)) & 1) !== 0) return true;
  }
  return false;
}

export function bytesHaveTrigram(table: Trigrams, bytes: Uint8Array): boolean {
  let hash = 0;
  for (let at = 0; at < bytes.length; at++) {
    hash = ((hash << 5) ^ (bytes[at] as number)) & TRIGRAM_MASK;
    if ((((table[hash >> 5] as number) >> (hash & 31)) & 1) !== 0) return true;
  }
  return false;
}

/** Digits next to capitals are rare in prose and in code; small letters are everywhere. */
function rarityOf(code: number): number {
  if (code >= 97 && code <= 122) return code === 113 || code === 120 || code === 122 || code === 106 ? 3 : 1;
  if (code >= 65 && code <= 90) return 4;
  if (code >= 48 && code <= 57) return 3;
  return 2;
}
