/** Secrets that are known by their look alone. */

export interface Shape {
  /** Source of a regular expression that matches the whole secret. */
  readonly source: string;
  /** Three letters of which one group is in every match; matching begins only where one of them was seen. */
  readonly trigrams: readonly string[];
  /** Matches, at the end of a text, what more text could turn into a secret. */
  readonly beginning: string;
  /** One more character of a secret that has been found, for a secret cut by the border of a chunk. */
  readonly more: RegExp;
}

/** Not inside a word ("task-…", "risk-…"), but behind an escaped line break or a percent-encoded character. */
const FRESH = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))`;
const KEY_LETTERS = /[A-Za-z0-9_-]/;

export const SHAPES: readonly Shape[] = [
  {
    // A key has digits, or it is one long run of letters; "sk-fading-circle-container" is neither.
    source: String.raw`${FRESH}sk-(?:(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{8,}|(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}|[A-Za-z]{20,})`,
    trigrams: ['sk-'],
    beginning: String.raw`${FRESH}s(?:k(?:-[A-Za-z0-9_-]{0,200})?)?`,
    more: KEY_LETTERS,
  },
  {
    source: String.raw`(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})`,
    trigrams: ['ghp', 'gho', 'ghu', 'ghs', 'ghr', 'b_p'],
    beginning: String.raw`g(?:h(?:[pousr](?:_[A-Za-z0-9]{0,19})?)?|i(?:t(?:h(?:u(?:b(?:_(?:p(?:a(?:t(?:_[A-Za-z0-9_]{0,19})?)?)?)?)?)?)?)?)?)?`,
    more: /[A-Za-z0-9_]/,
  },
  {
    source: String.raw`${FRESH}(?:AKIA|ASIA)[A-Z0-9]{16,}`,
    trigrams: ['AKI', 'ASI'],
    beginning: String.raw`A(?:[KS](?:I(?:A[A-Z0-9]{0,15})?)?)?`,
    more: /[A-Z0-9]/,
  },
  {
    source: String.raw`AIza[A-Za-z0-9_-]{35,}`,
    trigrams: ['AIz'],
    beginning: String.raw`A(?:I(?:z(?:a[A-Za-z0-9_-]{0,34})?)?)?`,
    more: KEY_LETTERS,
  },
  {
    source: String.raw`(?<=(?:[Bb]earer|BEARER)(?:[ \t]|%20|\+){1,8})[A-Za-z0-9._~+/=-]{16,}`,
    trigrams: ['rer', 'RER'],
    beginning: String.raw`[Bb](?:[Ee](?:[Aa](?:[Rr](?:[Ee](?:[Rr](?:(?:[ \t]|%20|\+){0,8}(?:%2?|[A-Za-z0-9._~+/=-]{0,15}))?)?)?)?)?)?`,
    more: /[A-Za-z0-9._~+/=-]/,
  },
  {
    // Without its end, everything behind the beginning is the key.
    source: String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`,
    trigrams: ['BEG'],
    beginning: String.raw`-{1,5}|-----B[A-Z0-9 ]{0,70}-{0,5}`,
    more: /[^]/,
  },
];

/** How a private key's text begins and ends; between the two everything is secret. */
export const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
export const KEY_BEGIN = /^-----BEGIN /;
