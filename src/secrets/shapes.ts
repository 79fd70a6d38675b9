/** Secrets that are known by their look alone. */

export interface Shape {
  /** Matches at its `lastIndex`; what its first group holds stands before the secret and is no part of it. */
  readonly pattern: RegExp;
  /** How a match may begin: a cheap look before the pattern is tried. */
  readonly starts: readonly string[];
  /**
   * Letter triples and where in a match they stand; matching is tried only where one was seen. Every match has one at an
   * even and one at an odd place, since only every second place is looked at.
   */
  readonly anchors: readonly (readonly [triple: string, offset: number])[];
  /** Matches, at the end of a text, what more text could turn into a secret. */
  readonly beginning: string;
  /** One more character of a secret that has been found, for a secret cut by the border of a chunk. */
  readonly more: RegExp;
}

/** Not inside a word ("task-…", "risk-…"), but behind an escaped line break or a percent-encoded character. */
const FRESH = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))`;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'.split('');
const KEY_LETTERS = /[A-Za-z0-9_-]/;

const sticky = (source: string): RegExp => new RegExp(source, 'y');

export const SHAPES: readonly Shape[] = [
  {
    // A key has digits, or it is one long run of letters; "sk-fading-circle-container" is neither.
    pattern: sticky(
      String.raw`${FRESH}sk-(?:(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{8,}|(?=[A-Za-z_-]{0,80}[0-9])[A-Za-z0-9_-]{16,}|[A-Za-z]{20,}[A-Za-z0-9_-]*)`,
    ),
    starts: ['sk-'],
    anchors: [['sk-', 0], ...LETTERS.map((letter) => [`k-${letter}`, 1] as const)],
    beginning: String.raw`${FRESH}s(?:k(?:-[A-Za-z0-9_-]{0,200})?)?`,
    more: KEY_LETTERS,
  },
  {
    pattern: sticky(String.raw`(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})`),
    starts: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    anchors: [
      ...['p', 'o', 'u', 's', 'r'].flatMap((kind) => [[`gh${kind}`, 0] as const, [`h${kind}_`, 1] as const]),
      ['b_p', 5],
      ['_pa', 6],
    ],
    beginning: String.raw`g(?:h(?:[pousr](?:_[A-Za-z0-9]{0,19})?)?|i(?:t(?:h(?:u(?:b(?:_(?:p(?:a(?:t(?:_[A-Za-z0-9_]{0,19})?)?)?)?)?)?)?)?)?)?`,
    more: /[A-Za-z0-9_]/,
  },
  {
    pattern: sticky(String.raw`${FRESH}(?:AKIA|ASIA)[A-Z0-9]{16,}`),
    starts: ['AKIA', 'ASIA'],
    anchors: [
      ['AKI', 0],
      ['KIA', 1],
      ['ASI', 0],
      ['SIA', 1],
    ],
    beginning: String.raw`A(?:[KS](?:I(?:A[A-Z0-9]{0,15})?)?)?`,
    more: /[A-Z0-9]/,
  },
  {
    pattern: sticky(String.raw`AIza[A-Za-z0-9_-]{35,}`),
    starts: ['AIza'],
    anchors: [
      ['AIz', 0],
      ['Iza', 1],
    ],
    beginning: String.raw`A(?:I(?:z(?:a[A-Za-z0-9_-]{0,34})?)?)?`,
    more: KEY_LETTERS,
  },
  {
    pattern: sticky(String.raw`((?:[Bb]earer|BEARER)(?:[ \t]|%20|\+){1,8})[A-Za-z0-9._~+/=-]{16,}`),
    starts: ['Bearer', 'bearer', 'BEARER'],
    anchors: [
      ['Bea', 0],
      ['bea', 0],
      ['rer', 3],
      ['BEA', 0],
      ['RER', 3],
    ],
    beginning: String.raw`[Bb](?:[Ee](?:[Aa](?:[Rr](?:[Ee](?:[Rr](?:(?:[ \t]|%20|\+){0,8}(?:%2?|[A-Za-z0-9._~+/=-]{0,15}))?)?)?)?)?)?`,
    more: /[A-Za-z0-9._~+/=-]/,
  },
  {
    // Without its end, everything behind the beginning is the key.
    pattern: sticky(
      String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`,
    ),
    starts: ['-----BEGIN '],
    anchors: [
      ['BEG', 5],
      ['EGI', 6],
    ],
    beginning: String.raw`-{1,5}|-----B[A-Z0-9 ]{0,70}-{0,5}`,
    more: /[^]/,
  },
];

/** How a private key's text begins and ends; between the two everything is secret. */
export const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
export const KEY_BEGIN = /^-----BEGIN /;
