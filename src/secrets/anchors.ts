/**
 * Finds in one pass where a text may hold one of many secrets. Of each secret two neighbouring letter triples, its rarest,
 * are marked in a table, so it is enough to look at every second position of the text.
 */
import type { Shape } from './shapes.ts';

/** The hash of three characters: `((a << 10) ^ (b << 5) ^ c) & TRIPLE_MASK`. */
export const TRIPLE_MASK = 0x7fff;

/** One bit for each hash: 4 KiB, which stay in the processor's nearest cache. */
export type Triples = Int32Array;

/** What a marked triple may be a part of. */
export interface Anchor {
  /** Where in the secret the triple stands. */
  readonly offset: number;
  readonly secret: string | Shape;
}

export class Anchors {
  readonly triples: Triples = new Int32Array((TRIPLE_MASK + 1) >> 5);
  readonly #byHash = new Map<number, Anchor[]>();

  addText(text: string): void {
    let best = 0;
    let bestRarity = -1;
    for (let at = 0; at + 4 <= text.length; at++) {
      const rarity = rarityOf(text, at) + 2 * (rarityOf(text, at + 1) + rarityOf(text, at + 2)) + rarityOf(text, at + 3);
      if (rarity <= bestRarity) continue;
      bestRarity = rarity;
      best = at;
    }
    this.#add(text.slice(best, best + 3), best, text);
    this.#add(text.slice(best + 1, best + 4), best + 1, text);
  }

  addShape(shape: Shape): void {
    for (const [triple, offset] of shape.anchors) this.#add(triple, offset, shape);
  }

  at(hash: number): readonly Anchor[] {
    return this.#byHash.get(hash) ?? [];
  }

  #add(triple: string, offset: number, secret: string | Shape): void {
    const hash = ((triple.charCodeAt(0) << 10) ^ (triple.charCodeAt(1) << 5) ^ triple.charCodeAt(2)) & TRIPLE_MASK;
    this.triples[hash >> 5] = (this.triples[hash >> 5] as number) | (1 << (hash & 31));
    const there = this.#byHash.get(hash);
    if (there === undefined) this.#byHash.set(hash, [{ offset, secret }]);
    else there.push({ offset, secret });
  }
}

/** Digits next to capitals are rare in prose and in code; small letters are everywhere. */
function rarityOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 97 && code <= 122) return code === 113 || code === 120 || code === 122 || code === 106 ? 3 : 1;
  if (code >= 65 && code <= 90) return 4;
  if (code >= 48 && code <= 57) return 3;
  return 2;
}
