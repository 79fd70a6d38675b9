/**
 * Text that differs between two runs of the same experiment, and what stands in its place on a cassette: so that a repetition,
 * in another directory and under another run id, asks in the same words, and is answered in its own.
 */
import { realpathSync } from 'node:fs';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Substitutions {
  /** The run's own text in `text` and its placeholders, in order, without overlaps. */
  find(text: string): Edit[];
  /** Placeholders replaced by the run's own text. One whose text this run has not shown yet stays. */
  restore(text: string): string;
}

/** Everything of a run's own lies below its directory or has its id in it. */
export interface OwnText {
  /** Absolute. */
  readonly runDir: string;
  readonly runId: string;
}

const OPENING = '{{stepwell:';
const PLACEHOLDER = /\{\{stepwell:([a-z_]+(?::[a-z]+)?)\}\}/g;

/** How a value looks inside a text that is itself JSON, a URL, or a part of one. */
const FORMS: readonly (readonly [suffix: string, write: (value: string) => string])[] = [
  ['', (value) => value],
  [':json', (value) => JSON.stringify(value).slice(1, -1)],
  [':uri', encodeURI],
  [':component', encodeURIComponent],
];

/**
 * `{{stepwell:run_dir}}`, `{{stepwell:run_id}}`, `{{stepwell:meter}}` (the proxy's URL with its port and token) and
 * `{{stepwell:mark}}`. The last two are known only when they have been seen, and the latest one seen is put back.
 */
export function createSubstitutions({ runDir, runId }: OwnText): Substitutions {
  const texts = new Map<string, string>();
  const names = new Map<string, string>();
  const add = (name: string, value: string): void => {
    if (!names.has(value)) names.set(value, name);
    if (!texts.has(name)) texts.set(name, value);
  };
  // What asks the system for its directory is told the real path.
  for (const dir of [runDir, realPath(runDir)]) for (const [suffix, write] of FORMS) add(`run_dir${suffix}`, write(dir));
  add('run_id', runId);
  // A text that has a placeholder of its own keeps it.
  add('literal', OPENING);

  const id = escapePattern(runId);
  const literals = [...names.keys()].sort((a, b) => b.length - a.length);
  // Every match holds one of these, mostly the run id or what opens a placeholder, and looking for them costs much less.
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
 * `text`, in which the forms of a placeholder are one. Where a directory needs no escapes its forms are the same, and the other
 * run's directory may need some: a request says the same in both.
 */
export function withoutForms(text: string): string {
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
