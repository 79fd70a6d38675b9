/** Finds the recorded exchange that answers a request. Each is used once, in recording order. */
import type { CassetteExchange } from '../schema/index.ts';
import { firstDiff, type Diff } from './diff.ts';
import type { NormalizedRequest } from './normalize.ts';
import { withoutEncodings } from './substitutions.ts';

export interface ReplayRequest extends NormalizedRequest {
  readonly method: string;
  /** Relative to the endpoint's root, with the query. */
  readonly path: string;
}

export type Match =
  | { readonly kind: 'exact'; readonly exchange: CassetteExchange }
  /** Loose mode: the next one of the same path, although the request differs. */
  | { readonly kind: 'fallback'; readonly exchange: CassetteExchange; readonly diff: Diff | null }
  | { readonly kind: 'none'; readonly closest: ClosestExchange | null };

export interface ClosestExchange {
  readonly exchange: CassetteExchange;
  /** Null when the request is the same, but the exchange has been used already. */
  readonly diff: Diff | null;
  /** How often this same request was recorded; all of these exchanges are used. */
  readonly recorded: number;
}

export interface Matcher {
  readonly used: number;
  match(requested: ReplayRequest): Match;
}

/** @param strict false: a request that is not on the cassette is answered by the next unused exchange of its path */
export function createMatcher(exchanges: readonly CassetteExchange[], strict: boolean): Matcher {
  const unused = new Set(exchanges);
  const byRequest = Map.groupBy(exchanges, keyOf);

  return {
    get used() {
      return exchanges.length - unused.size;
    },
    match(requested) {
      const recorded = byRequest.get(keyOf({ ...requested, request_sha256: requested.sha256 })) ?? [];
      const exact = recorded.find((exchange) => unused.has(exchange));
      if (exact !== undefined) {
        unused.delete(exact);
        return { kind: 'exact', exchange: exact };
      }
      const ofPath = [...unused].filter(({ method, path }) => method === requested.method && path === requested.path);
      const next = ofPath[0];
      if (!strict && next !== undefined) {
        unused.delete(next);
        return { kind: 'fallback', exchange: next, diff: diffOf(next, requested) };
      }
      const last = recorded.at(-1);
      if (last !== undefined) return { kind: 'none', closest: { exchange: last, diff: null, recorded: recorded.length } };
      const closest = closestOf(ofPath, requested) ?? closestOf(exchanges, requested);
      return {
        kind: 'none',
        closest: closest === null ? null : { exchange: closest, diff: diffOf(closest, requested), recorded: 0 },
      };
    },
  };
}

function keyOf(request: Pick<CassetteExchange, 'method' | 'path' | 'request_sha256'>): string {
  return `${request.method} ${request.path} ${request.request_sha256 ?? 'not held'}`;
}

/** The exchange whose request is most similar; the earlier of two that are equally similar. */
function closestOf(exchanges: readonly CassetteExchange[], requested: ReplayRequest): CassetteExchange | null {
  let closest: CassetteExchange | null = null;
  let highest = -1;
  for (const exchange of exchanges) {
    const score = similarity(exchange, requested);
    if (score <= highest) continue;
    highest = score;
    closest = exchange;
  }
  return closest;
}

/** The same path outweighs any common prefix and suffix of the bodies. */
function similarity(exchange: CassetteExchange, requested: ReplayRequest): number {
  const samePath = exchange.method === requested.method && withoutQuery(exchange.path) === withoutQuery(requested.path);
  const [a, b] = [exchange.request, requested.content];
  const common = typeof a === 'string' && typeof b === 'string' ? commonPrefixAndSuffix(a, b) : 0;
  return (samePath ? Number.MAX_SAFE_INTEGER / 2 : 0) + common;
}

function commonPrefixAndSuffix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let front = 0;
  while (front < limit && a[front] === b[front]) front += 1;
  let back = 0;
  while (back < limit - front && a[a.length - 1 - back] === b[b.length - 1 - back]) back += 1;
  return front + back;
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/, '');
}

/** Null when one of the two was not stored as text. */
function diffOf(exchange: CassetteExchange, requested: ReplayRequest): Diff | null {
  if (exchange.method !== requested.method || exchange.path !== requested.path) {
    return {
      place: 'the path',
      recorded: `${exchange.method} ${exchange.path}`,
      requested: `${requested.method} ${requested.path}`,
    };
  }
  if (typeof exchange.request !== 'string' || typeof requested.content !== 'string') return null;
  return firstDiff(withoutEncodings(exchange.request), withoutEncodings(requested.content));
}
