/** Finds the first place where two requests differ, to show why they do not match. */
import { parseJson } from '../schema/index.ts';

export interface Diff {
  /** `messages.1.content, character 812`, or `character 5` if the text is not JSON. */
  readonly place: string;
  /** The value there, as JSON; `nothing` if there is none. */
  readonly recorded: string;
  readonly requested: string;
}

const CONTEXT_BEFORE = 30;
const CONTEXT_AFTER = 50;
const MAX_EXCERPT = 90;

/** Null when both are equivalent. */
export function firstDiff(recorded: string, requested: string): Diff | null {
  const [a, b] = [parseJson(recorded), parseJson(requested)];
  if (a === undefined || b === undefined) return recorded === requested ? null : diffOfTexts([], recorded, requested);
  return compare([], a, b);
}

function compare(path: readonly string[], a: unknown, b: unknown): Diff | null {
  if (typeof a === 'string' && typeof b === 'string') return a === b ? null : diffOfTexts(path, a, b);
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    return Object.is(a, b)
      ? null
      : { place: path.join('.') || 'the whole body', recorded: excerptOf(a), requested: excerptOf(b) };
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = compare([...path, key], a[key], b[key]);
    if (found !== null) return found;
  }
  return null;
}

function diffOfTexts(path: readonly string[], a: string, b: string): Diff {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const excerpt = (text: string): string => {
    const from = Math.max(0, at - CONTEXT_BEFORE);
    const part = text.slice(from, at + CONTEXT_AFTER);
    return JSON.stringify(`${from > 0 ? '…' : ''}${part}${at + CONTEXT_AFTER < text.length ? '…' : ''}`);
  };
  const character = `character ${at + 1}`;
  return {
    place: path.length === 0 ? character : `${path.join('.')}, ${character}`,
    recorded: excerpt(a),
    requested: excerpt(b),
  };
}

type Container = Record<string, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function excerptOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= MAX_EXCERPT ? text : `${text.slice(0, MAX_EXCERPT)}…`;
}
