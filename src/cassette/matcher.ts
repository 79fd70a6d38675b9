/** Finds the recorded exchange that answers a request. Each is used once, in the order in which they were recorded. */
import type { CassetteExchange } from '../schema/index.ts';
import { firstDiff, type Diff } from './diff.ts';
import type { NormalizedRequest } from './normalize.ts';
import { withoutForms } from './substitutions.ts';

export interface AskedRequest extends NormalizedRequest {
  readonly method: string;
  /** Behind the root, with the query. */
  readonly path: string;
}

export type Match =
  | { readonly kind: 'same'; readonly exchange: CassetteExchange }
  /** Loose: the next one of the same path, although the request differs. */
  | { readonly kind: 'instead'; readonly exchange: CassetteExchange; readonly diff: Diff | null }
  | { readonly kind: 'none'; readonly nearest: Nearest | null };

export interface Nearest {
  readonly exchange: CassetteExchange;
  /** Null: the request is the same, and the exchange has answered it before. */
  readonly diff: Diff | null;
  /** How often the very same request was recorded; all of these are used. */
  readonly recorded: number;
}

export interface Matcher {
  readonly used: number;
  match(asked: AskedRequest): Match;
}

/** @param strict false: a request that is not on the cassette is answered by the next unused exchange of its path */
export function createMatcher(exchanges: readonly CassetteExchange[], strict: boolean): Matcher {
  const unused = new Set(exchanges);
  const same = Map.groupBy(exchanges, keyOf);

  return {
    get used() {
      return exchanges.length - unused.size;
    },
    match(asked) {
      const recorded = same.get(keyOf({ ...asked, request_sha256: asked.sha256 })) ?? [];
      const exact = recorded.find((exchange) => unused.has(exchange));
      if (exact !== undefined) {
        unused.delete(exact);
        return { kind: 'same', exchange: exact };
      }
      const ofPath = [...unused].filter(({ method, path }) => method === asked.method && path === asked.path);
      const next = ofPath[0];
      if (!strict && next !== undefined) {
        unused.delete(next);
        return { kind: 'instead', exchange: next, diff: diffOf(next, asked) };
      }
      const last = recorded.at(-1);
      if (last !== undefined) return { kind: 'none', nearest: { exchange: last, diff: null, recorded: recorded.length } };
      const nearest = nearestOf(ofPath, asked) ?? nearestOf(exchanges, asked);
      return {
        kind: 'none',
        nearest: nearest === null ? null : { exchange: nearest, diff: diffOf(nearest, asked), recorded: 0 },
      };
    },
  };
}

function keyOf(request: Pick<CassetteExchange, 'method' | 'path' | 'request_sha256'>): string {
  return `${request.method} ${request.path} ${request.request_sha256 ?? 'not held'}`;
}

/** The one whose request has the most in common with what was asked; the earlier of two that have as much. */
function nearestOf(exchanges: readonly CassetteExchange[], asked: AskedRequest): CassetteExchange | null {
  let nearest: CassetteExchange | null = null;
  let most = -1;
  for (const exchange of exchanges) {
    const likeness = likenessOf(exchange, asked);
    if (likeness <= most) continue;
    most = likeness;
    nearest = exchange;
  }
  return nearest;
}

/** The same path outweighs whatever the bodies have in common at their beginnings and ends. */
function likenessOf(exchange: CassetteExchange, asked: AskedRequest): number {
  const samePath = exchange.method === asked.method && withoutQuery(exchange.path) === withoutQuery(asked.path);
  const [a, b] = [exchange.request, asked.content];
  const common = typeof a === 'string' && typeof b === 'string' ? commonEnds(a, b) : 0;
  return (samePath ? Number.MAX_SAFE_INTEGER / 2 : 0) + common;
}

function commonEnds(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let front = 0;
  while (front < most && a[front] === b[front]) front += 1;
  let back = 0;
  while (back < most - front && a[a.length - 1 - back] === b[b.length - 1 - back]) back += 1;
  return front + back;
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/, '');
}

/** Null where one of the two cannot be shown. */
function diffOf(exchange: CassetteExchange, asked: AskedRequest): Diff | null {
  if (exchange.method !== asked.method || exchange.path !== asked.path) {
    return {
      place: 'the path',
      recorded: `${exchange.method} ${exchange.path}`,
      asked: `${asked.method} ${asked.path}`,
    };
  }
  if (typeof exchange.request !== 'string' || typeof asked.content !== 'string') return null;
  return firstDiff(withoutForms(exchange.request), withoutForms(asked.content));
}
