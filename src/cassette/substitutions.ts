/**
 * Replaces text that differs between two runs of the same experiment by placeholders on the cassette, so that a replay with
 * another directory and another run id sends the same requests and gets responses with its own values.
 */
import { realpathSync } from 'node:fs';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Substitutions {
  /** The run-specific parts of `text` and their placeholders, in order, without overlaps. */
  find(text: string): Edit[];
  /** Replaces placeholders by this run's values. A placeholder whose value has not been seen yet stays. */
  restore(text: string): string;
}

/** All run-specific text contains the run's directory or its id. */
export interface RunIdentity {
  /** Absolute path. */
  readonly runDir: string;
  readonly runId: string;
}

const OPENING = '{{stepwell:';
const PLACEHOLDER = /\{\{stepwell:([a-z_]+(?::[a-z]+)?)\}\}/g;

/** How a value is encoded inside a text that is itself JSON, a URL, or a URL component. */
const ENCODINGS: readonly (readonly [suffix: string, write: (value: string) => string])[] = [
  ['', (value) => value],
  [':json', (value) => JSON.stringify(value).slice(1, -1)],
  [':uri', encodeURI],
  [':component', encodeURIComponent],
];

/**
 * `{{stepwell:run_dir}}`, `{{stepwell:run_id}}`, `{{stepwell:meter}}` (the proxy's URL with its port and token) and
 * `{{stepwell:mark}}`. The values of the last two are learned when they appear; the latest one is restored.
 */
export function createSubstitutions({ runDir, runId }: RunIdentity): Substitutions {
  const texts = new Map<string, string>();
  const names = new Map<string, string>();
  const add = (name: string, value: string): void => {
    if (!names.has(value)) names.set(value, name);
    if (!texts.has(name)) texts.set(name, value);
  };
  // A process that asks for its working directory gets the real path.
  for (const dir of [runDir, realPath(runDir)]) for (const [suffix, write] of ENCODINGS) add(`run_dir${suffix}`, write(dir));
  add('run_id', runId);
  // A text that already contains a placeholder keeps it.
  add('literal', OPENING);

  const id = escapePattern(runId);
  const literals = [...names.keys()].sort((a, b) => b.length - a.length);
  // Every match contains one of these, usually the run id or the start of a placeholder; searching for them is much cheaper.
  const needles = literals.filter((text) => !literals.some((other) => other !== text && text.includes(other)));
  const pattern = new RegExp(
    String.raw`(?<meter>http://127\.0\.0\.1:\d+/[\w-]{22}/r/${id})|(?<mark>${id}:[0-9a-f]{16})|${literals.map(escapePattern).join('|')}`,
    'g',
  );

  return {
    find(text) {
      if (!needles.some((needle) => text.includes(needle))) return [];
      return Array.from(text.matchAll(pattern), (match) => {
        const learned = match.groups?.['meter'] === undefined ? match.groups?.['mark'] && 'mark' : 'meter';
        if (learned) texts.set(learned, match[0]);
        const name = learned ?? names.get(match[0]) ?? 'literal';
        return { start: match.index, end: match.index + match[0].length, text: `${OPENING}${name}}}` };
      });
    },
    restore: (text) => text.replaceAll(PLACEHOLDER, (placeholder, name: string) => texts.get(name) ?? placeholder),
  };
}

/**
 * Removes the encoding suffix of placeholders, so that requests compare equal. In a directory name without special characters all
 * encodings are the same, while another run's directory may need escapes.
 */
export function withoutEncodings(text: string): string {
  return text.replaceAll(/(\{\{stepwell:run_dir):[a-z]+\}\}/g, '$1}}');
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
