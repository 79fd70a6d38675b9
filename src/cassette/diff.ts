/** The first place where two requests differ, for a person to see why one is not the other. */

import { parseJson } from '../schema/index.ts';
export interface Diff {
  /** `messages.1.content, character 812`, or `character 5` of what is no JSON. */
  readonly place: string;
  /** What stands there, as JSON; `nothing` where nothing does. */
  readonly recorded: string;
  readonly asked: string;
}

const BEFORE = 30;
const BEHIND = 50;
const MOST = 90;

/** Null when both say the same. */
export function firstDiff(recorded: string, asked: string): Diff | null {
  const [a, b] = [parseJson(recorded), parseJson(asked)];
  if (a === undefined || b === undefined) return recorded === asked ? null : diffOfTexts([], recorded, asked);
  return compare([], a, b);
}

function compare(path: readonly string[], a: unknown, b: unknown): Diff | null {
  if (typeof a === 'string' && typeof b === 'string') return a === b ? null : diffOfTexts(path, a, b);
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b)) {
    return Object.is(a, b) ? null : { place: path.join('.') || 'the whole body', recorded: shown(a), asked: shown(b) };
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
    const from = Math.max(0, at - BEFORE);
    const part = text.slice(from, at + BEHIND);
    return JSON.stringify(`${from > 0 ? '…' : ''}${part}${at + BEHIND < text.length ? '…' : ''}`);
  };
  const character = `character ${at + 1}`;
  return {
    place: path.length === 0 ? character : `${path.join('.')}, ${character}`,
    recorded: excerpt(a),
    asked: excerpt(b),
  };
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`;
}
