/**
 * Finds in one pass where a text may hold one of many secrets. Of each secret two neighbouring letter triples, its rarest,
 * are marked in a table, so it is enough to look at every second position of the text.
 */
import type { Shape } from './shapes.ts';
import { rarestPair, TRIPLE_MASK, type Triples } from './triples.ts';

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
    for (const at of rarestPair(text)) this.#add(text.slice(at, at + 3), at, text);
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
