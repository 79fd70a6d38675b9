/** The candidate closest to `word`, or null when none is close enough. */
export function closestMatch(word: string, candidates: Iterable<string>): string | null {
  const wanted = normalize(word);
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const other = normalize(candidate);
    const distance = sharesPrefix(wanted, other) || isSubstring(wanted, other) ? 1 : editDistance(wanted, other);
    if (best === null || distance < best.distance) best = { candidate, distance };
  }
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  return best !== null && best.distance <= allowed ? best.candidate : null;
}

/** `Did you mean "x"? `, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = closestMatch(word, candidates);
  return candidate === null ? '' : `Did you mean ${JSON.stringify(candidate)}? `;
}

const normalize = (text: string): string => text.toLowerCase().replaceAll(/[-_ .]/g, '');

/**
 * One begins with all of the other, give or take its last character: `step_timeout`, `step_timeout_seconds`; `retry`,
 * `retries`. What was typed beyond the candidate must not outweigh it: `step_timeout` is not meant for `steps`.
 */
function sharesPrefix(wanted: string, other: string): boolean {
  const shorter = Math.min(wanted.length, other.length);
  let same = 0;
  while (same < shorter && wanted[same] === other[same]) same++;
  return same >= 4 && same >= shorter - 1 && wanted.length < other.length * 2;
}

/** The candidate contains the word: `seed`, `random_seed`; `url`, `base_url`. */
function isSubstring(wanted: string, other: string): boolean {
  return wanted.length >= 3 && other.includes(wanted);
}

/** Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps of adjacent characters. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
