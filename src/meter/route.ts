/** Addresses of the proxy: `/<token>/r/<run>/s/<step>/a/<attempt>/…` for an attempt, `/<token>/r/<run>/…` for a run. */

export interface Target {
  /** Below the endpoint's root, beginning with `/`; without the query. */
  readonly path: string;
  /** As wires know it: without a `/` at its end. */
  readonly known: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** What belongs to one token. */
export interface Place {
  /** `/r/<run>/s/<step>/a/<attempt>` or `/r/<run>` */
  readonly prefix: string;
}

export function prefixOf(runId: string, at: { readonly step: number; readonly attempt: number } | null): string {
  const run = `/r/${encodeURIComponent(runId)}`;
  return at === null ? run : `${run}/s/${at.step}/a/${at.attempt}`;
}

/** Segments that climb, however an upstream reads them: the real key goes along, so none may leave the configured base path. */
const CLIMBS = /(^|\/|\\|%2f|%5c)(\.|%2e){2}(\/|\\|%2f|%5c|$)/i;

/** As clients of a forward proxy write a request's target. */
const ORIGIN = /^https?:\/\/[^/?]*/i;

/** What a request's target means, or null when it belongs to no place that is known. */
export function findPlace<P extends Place>(places: ReadonlyMap<string, P>, target: string): { place: P; target: Target } | null {
  const url = target.startsWith('/') ? target : target.replace(ORIGIN, '');
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const slash = path.indexOf('/', 1);
  if (slash < 0) return null;
  const place = places.get(path.slice(1, slash));
  if (place === undefined || !path.startsWith(place.prefix, slash)) return null;
  let inner = path.slice(slash + place.prefix.length);
  // Some clients look whether anybody is at their base URL.
  if (inner === '') inner = '/';
  if (!inner.startsWith('/')) return null;
  // A base URL with a slash at its end makes two of them; the upstream may take them for one, so the meter must as well.
  if (inner.includes('//')) inner = inner.replace(/\/{2,}/g, '/');
  if (CLIMBS.test(inner)) return null;
  const known = inner.endsWith('/') ? inner.slice(0, -1) : inner;
  return { place, target: { path: inner, known, query: cut < 0 ? '' : url.slice(cut) } };
}
