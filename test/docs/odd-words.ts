/** Old-fashioned words and private ones that were replaced: no text that people read uses them. */

const ODD = new RegExp(
  `\\b(?:${[
    'anew',
    'nobody',
    'stands',
    'whoever',
    'thereof',
    'h[eo]ld(?:s|ing)? (?:\\w+ ){0,4}?against',
    'in good order',
    'bears?',
    'looks? whether',
    'made ready',
    'what is the matter',
    'in the place of',
    // Names that the code once had for a status, a session of replay, an adapter's context, its environment, what a cassette is compared by.
    'standing',
    'decks?',
    'handovers?',
    'surroundings',
    'unborn',
  ].join('|')})\\b`,
  'gi',
);

/** The odd words of a text outside of code in backticks. */
export function oddWordsIn(text: string): string[] {
  return text.replace(/`[^`]*`/g, '').match(ODD) ?? [];
}
