/**
 * Which of a writer's numbers were seen, in whatever order they come: what is missing, and whether one comes twice.
 * Takes room for the holes, not for the records.
 */
export class SeqCoverage {
  /** Numbers seen, as ranges in order with at least one number between them. */
  readonly #seen: { first: number; last: number }[] = [];

  /** False when the number was there already. */
  add(seq: number): boolean {
    const at = this.#after(seq);
    const before = this.#seen[at - 1];
    const next = this.#seen[at];
    if (before !== undefined && seq <= before.last) return false;
    const joinsBefore = before?.last === seq - 1;
    const joinsNext = next?.first === seq + 1;
    if (joinsBefore && joinsNext) {
      before.last = next.last;
      this.#seen.splice(at, 1);
    } else if (joinsBefore) before.last = seq;
    else if (joinsNext) next.first = seq;
    else this.#seen.splice(at, 0, { first: seq, last: seq });
    return true;
  }

  /** Numbers from 1 to the highest seen that did not come. */
  get missing(): number {
    return this.gaps().reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** The missing numbers as ranges, in order. */
  gaps(): { first: number; last: number }[] {
    let expected = 1;
    const holes: { first: number; last: number }[] = [];
    for (const { first, last } of this.#seen) {
      if (first > expected) holes.push({ first: expected, last: first - 1 });
      expected = Math.max(expected, last + 1);
    }
    return holes;
  }

  /** Position of the first range that begins after `seq`: nearly always the end. */
  #after(seq: number): number {
    let [low, high] = [0, this.#seen.length];
    if ((this.#seen.at(-1)?.first ?? 0) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seen[middle]?.first ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
