/**
 * Addresses of the proxy: `/<token>/r/<run>/s/<step>/a/<attempt>/…` for an attempt, with `p/<phase>/` for a phase of it, and
 * `/<token>/r/<run>/…` for a run.
 */

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
  /** `/r/<run>/s/<step>/a/<attempt>`, the same with `/p/<phase>`, or `/r/<run>` */
  readonly prefix: string;
}

export interface AttemptPlace {
  readonly step: number;
  readonly attempt: number;
}

/** Such a name stands in an address as it is, and in tables. */
const PHASE = /^[\w-]{1,64}$/;

/** @param phase of the attempt, if any */
export function prefixOf(runId: string, at: AttemptPlace | null, phase: string | null): string {
  const run = `/r/${encodeURIComponent(runId)}`;
  if (at === null) return run;
  const attempt = `${run}/s/${at.step}/a/${at.attempt}`;
  if (phase === null) return attempt;
  if (!PHASE.test(phase))
    throw new TypeError(`A phase is called by 1 to 64 letters, digits, - or _, not ${JSON.stringify(phase)}`);
  return `${attempt}/p/${phase}`;
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
