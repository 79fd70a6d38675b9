/**
 * Secrets that are recognized by their form alone: the one list for what the configuration refuses, the log masks and the archive
 * leaves out. To add one, add a line to SHAPES and its example to `test/secrets/examples.ts`; `shapes.test.ts` beside it walks
 * the list.
 */
import { rarestPair } from './trigrams.ts';

export interface Shape {
  /** The provider or product that issues the key. */
  readonly name: string;
  /** Matches at its `lastIndex`; its first group is text before the secret and not part of it. */
  readonly pattern: RegExp;
  /** How a match may begin: a cheap look before the pattern is tried. */
  readonly starts: readonly string[];
  /**
   * Trigrams and their offsets in a match; matching is tried only where one was seen. Every match has one at an
   * even and one at an odd offset, since only every second position is checked.
   */
  readonly anchors: readonly (readonly [trigram: string, offset: number])[];
  /** Matches, at the end of a text, what more text could turn into a secret. */
  readonly beginning: string;
  /** The beginning may hold spaces. */
  readonly spaced?: true;
  /** One more character of a secret that has been found, for a secret cut by the border of a chunk. */
  readonly continuation: RegExp;
}

/** So many characters show every shape, finished or not. */
export const MAX_SHAPE_CHARACTERS = 544;

/** Not inside a word ("task-…", "shelf_…"), but behind an escaped line break or other character, a percent-encoded one or a color. */
const WORD_START = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\(?:[nrt]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}))|(?<=%[0-9A-Fa-f]{2})|(?<=\[[0-9;]{0,12}m))`;
/** Also inside a word: the beginning is distinctive enough. */
const ANYWHERE = '';

const ALPHANUMERIC = '[A-Za-z0-9]';
const BASE64 = '[A-Za-z0-9+/=]';
const BASE64URL = '[A-Za-z0-9_-]';
const HEX = '[0-9a-f]';

const sticky = (source: string): RegExp => new RegExp(source, 'y');
const literally = (text: string): string => text.replaceAll('.', String.raw`\.`);
const ASCII = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));

/** Two adjacent trigrams at the beginning of a key. `next`: the characters that may follow `start`; a short `start` uses all of them. */
function anchorsOf(start: string, next: string): (readonly [string, number])[] {
  // Short beginnings were made to be unlike words; in the longer ones some part is.
  const pair = start.length < 7 ? [0, 1] : rarestPair(start);
  if (start.length > 3) return pair.map((offset) => [start.slice(offset, offset + 3), offset] as const);
  const follows = new RegExp(next);
  const letters = ASCII.filter((letter) => follows.test(letter));
  return [[start, 0], ...letters.map((letter) => [start.slice(1) + letter, 1] as const)];
}

/** Matches any beginning of one of the `words`, and a whole one with `rest` behind it. */
function beginningOf(words: readonly string[], rest: string): string {
  const byFirst = Map.groupBy(words, (word) => word.charAt(0));
  const branches = Array.from(byFirst, ([first, these]) => {
    if (first === '') return rest;
    const further = these.map((word) => word.slice(1));
    return `${literally(first)}(?:${beginningOf(further, rest)})?`;
  });
  return branches.join('|');
}

/** A key that begins with one of `starts`, behind which at least `least` of `letters` follow. */
function key(name: string, starts: readonly string[], letters: string, least: number, where = ANYWHERE): Shape {
  return {
    name,
    pattern: sticky(`${where}(?:${starts.map(literally).join('|')})${letters}{${least},}`),
    starts,
    anchors: starts.flatMap((start) => anchorsOf(start, letters)),
    beginning: `${where}(?:${beginningOf(starts, `${letters}{0,${least - 1}}`)})`,
    continuation: new RegExp(letters),
  };
}

export const SHAPES: readonly Shape[] = [
  // Providers of models and what belongs to them.
  {
    // A key has digits, or it is one long run of letters; "sk-fading-circle-container" is neither.
    name: 'OpenAI, Anthropic, OpenRouter and others',
    pattern: sticky(
      String.raw`${WORD_START}sk-(?:(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{8,}|(?=[A-Za-z_-]{0,80}[0-9])[A-Za-z0-9_-]{16,}|[A-Za-z]{20,}[A-Za-z0-9_-]*)`,
    ),
    starts: ['sk-'],
    anchors: anchorsOf('sk-', BASE64URL),
    beginning: String.raw`${WORD_START}s(?:k(?:-[A-Za-z0-9_-]{0,200})?)?`,
    continuation: new RegExp(BASE64URL),
  },
  key('Groq', ['gsk_'], ALPHANUMERIC, 32),
  key('xAI', ['xai-'], ALPHANUMERIC, 40),
  key('Perplexity', ['pplx-'], ALPHANUMERIC, 40),
  key('Cerebras', ['csk-'], ALPHANUMERIC, 40),
  key('NVIDIA', ['nvapi-'], BASE64URL, 40),
  key('Hugging Face', ['hf_'], ALPHANUMERIC, 30, WORD_START),
  key('Replicate', ['r8_'], ALPHANUMERIC, 30, WORD_START),
  key('LangSmith', ['lsv2_pt_', 'lsv2_sk_'], '[0-9a-z_]', 32),
  key('Tavily', ['tvly-'], BASE64URL, 20),
  // Clouds.
  key('AWS', ['AKIA', 'ASIA'], '[A-Z0-9]', 16, WORD_START),
  key('AWS Bedrock', ['ABSKQmVkcm9ja0FQSUtl'], BASE64, 60),
  key('Google API', ['AIza'], BASE64URL, 30),
  key('Google OAuth', ['ya29.', 'GOCSPX-'], BASE64URL, 20),
  key('Azure', ['AccountKey=', 'SharedAccessKey='], BASE64, 40),
  key('DigitalOcean', ['dop_v1_', 'doo_v1_', 'dor_v1_'], HEX, 40),
  key('HashiCorp Vault', ['hvs.'], BASE64URL, 24),
  key('Supabase', ['sbp_'], HEX, 40),
  // Hosts of source code and packages.
  key('GitHub', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], ALPHANUMERIC, 20),
  key('GitHub, fine-grained', ['github_pat_'], '[A-Za-z0-9_]', 20),
  key('GitLab', ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-'], BASE64URL, 20),
  key('npm', ['npm_'], ALPHANUMERIC, 36),
  key('PyPI', ['pypi-AgE'], BASE64URL, 50),
  key('Docker Hub', ['dckr_pat_'], BASE64URL, 20),
  // Messages, payments, projects.
  key('Slack', ['xoxa-', 'xoxb-', 'xoxc-', 'xoxe-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-1-'], '[A-Za-z0-9-]', 10),
  key('Slack session', ['xoxd-'], '[A-Za-z0-9%+/=_-]', 10),
  key('Stripe', ['sk_live_', 'rk_live_'], ALPHANUMERIC, 16),
  key('Atlassian', ['ATATT3xFf'], '[A-Za-z0-9_=-]', 40),
  // Of no provider in particular.
  {
    // Head and content both begin with `{"`, in base64; what follows is the signature.
    name: 'a JSON web token',
    pattern: sticky(String.raw`${WORD_START}eyJ${BASE64URL}{10,512}\.eyJ[A-Za-z0-9_.-]{10,}`),
    starts: ['eyJ'],
    anchors: anchorsOf('eyJ', BASE64URL),
    beginning: `${WORD_START}${beginningOf(['eyJ'], `${BASE64URL}{0,512}(?:${beginningOf(['.eyJ'], `${BASE64URL}{0,9}`)})?`)}`,
    continuation: /[A-Za-z0-9_.-]/,
  },
  {
    name: 'a bearer token',
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
    spaced: true,
    continuation: /[A-Za-z0-9._~+/=-]/,
  },
  {
    // Without its end, everything behind the beginning is the key.
    name: 'a private key',
    pattern: sticky(
      String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`,
    ),
    starts: ['-----BEGIN '],
    anchors: [
      ['BEG', 5],
      ['EGI', 6],
    ],
    beginning: String.raw`-{1,5}|-----B[A-Z0-9 ]{0,70}-{0,5}`,
    spaced: true,
    continuation: /[^]/,
  },
];

/** How a private key's text begins and ends; between the two everything is secret. */
export const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
export const KEY_BEGIN = /^-----BEGIN /;
