/** The usage and cost reports of Anthropic's Admin API. */
import { bucketsBetween, DAY, grouped, MINUTE, sum, sumDecimals, type Book, type BookedCall } from './book.ts';
import { bad, choice, cursorFor, groups, limit, positionOf, readQuery, type Query } from './parameters.ts';
import type { Shape } from './openai.ts';

const WIDTHS = { '1m': [MINUTE, 60, 1440], '1h': [60 * MINUTE, 24, 168], '1d': [DAY, 7, 31] } as const;
const DIMENSIONS = ['api_key_id', 'workspace_id', 'model', 'service_tier', 'context_window', 'inference_geo'];

/** Null: no such path. */
export function answerAnthropic(path: string, search: URLSearchParams, book: Book, now: Date, shape: Shape): unknown {
  if (path === '/v1/organizations/usage_report/messages') return usage(search, book, now, shape);
  if (path === '/v1/organizations/cost_report') return costs(search, book, now, shape);
  return null;
}

function usage(search: URLSearchParams, book: Book, now: Date, shape: Shape): unknown {
  const query = readQuery(search, {
    one: ['starting_at', 'ending_at', 'bucket_width', 'limit', 'page'],
    many: ['api_key_ids', 'workspace_ids', 'models', 'service_tiers', 'context_window', 'inference_geos', 'group_by'],
    bareArrays: false,
  });
  const [width, byDefault, most] = WIDTHS[choice(query, 'bucket_width', ['1m', '1h', '1d'], '1d')];
  const asked = groups(query, DIMENSIONS);
  const calls = book.seenAt(now).filter(({ call }) => shape.ignoreFilters || matchesFilter(query, call));
  return page(query, search, now, width, limit(query, byDefault, most), Infinity, shape, (start, end) =>
    grouped(
      calls.filter(({ minute }) => minute >= start && minute < end).map(({ call }) => call),
      (call) => ({
        api_key_id: call.apiKeyId ?? null,
        workspace_id: call.workspaceId ?? null,
        model: call.model,
        service_tier: call.batch === true ? 'batch' : 'standard',
        context_window: '0-200k',
        inference_geo: 'not_available',
      }),
      asked,
    ).map((group) => shape.row({ ...figures(group.calls), ...group.dimensions })),
  );
}

function figures(calls: readonly BookedCall[]): Record<string, unknown> {
  const cached = sum(calls, (call) => call.cached ?? 0);
  const written = sum(calls, (call) => call.cacheWrite ?? 0);
  return {
    uncached_input_tokens: sum(calls, (call) => call.input) - cached - written,
    cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: written },
    cache_read_input_tokens: cached,
    output_tokens: sum(calls, (call) => call.output),
    server_tool_use: { web_search_requests: 0 },
  };
}

function costs(search: URLSearchParams, book: Book, now: Date, shape: Shape): unknown {
  const query = readQuery(search, {
    one: ['starting_at', 'ending_at', 'bucket_width', 'limit', 'page'],
    many: ['group_by'],
    bareArrays: false,
  });
  choice(query, 'bucket_width', ['1d'], '1d');
  const asked = groups(query, ['workspace_id', 'description']);
  const calls = book.seenAt(now).filter(({ call }) => call.usd !== undefined);
  // A day that is not over has no costs yet.
  const latest = Math.floor(now.getTime() / DAY) * DAY;
  return page(query, search, now, DAY, limit(query, 7, 31), latest, shape, (start, end) =>
    grouped(
      calls.filter(({ minute }) => minute >= start && minute < end).map(({ call }) => call),
      (call) => ({ workspace_id: call.workspaceId ?? null, description: `${call.model} usage` }),
      asked,
    ).map((group) =>
      shape.row({
        currency: 'USD',
        // In cents.
        amount: sumDecimals(
          group.calls.map((call) => call.usd ?? '0'),
          2,
        ),
        ...group.dimensions,
        cost_type: null,
        context_window: null,
        model: null,
        service_tier: null,
        token_type: null,
        inference_geo: null,
      }),
    ),
  );
}

function matchesFilter(query: Query, call: BookedCall): boolean {
  const within = (name: string, value: string | null | undefined): boolean => {
    const list = query.many.get(name);
    return list === undefined || (typeof value === 'string' && list.includes(value));
  };
  return within('api_key_ids', call.apiKeyId) && within('workspace_ids', call.workspaceId) && within('models', call.model);
}

function time(query: Query, name: string): number | null {
  const text = query.one.get(name);
  if (text === undefined) return null;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    throw bad(`${name}: Input should be a valid datetime, got '${text}'`, name);
  }
  return Date.parse(text);
}

function page(
  query: Query,
  search: URLSearchParams,
  now: Date,
  width: number,
  asked: number,
  latest: number,
  shape: Shape,
  rowsOf: (start: number, end: number) => Record<string, unknown>[],
): unknown {
  const given = time(query, 'starting_at');
  if (given === null) throw bad('starting_at: Field required', 'starting_at');
  // Both ends are snapped to the bucket.
  const start = Math.floor(given / width) * width;
  const end = Math.min(Math.floor((time(query, 'ending_at') ?? now.getTime()) / width) * width, latest);
  if (end <= start) throw bad('Invalid date range: ending date must be after starting date');
  const question = new URLSearchParams([...search].filter(([name]) => name !== 'page')).toString();
  const position = positionOf(query, question);
  const all = bucketsBetween(start, end, width);
  const next = position + Math.min(asked, shape.pageSize ?? asked);
  const buckets = all.slice(position, next).map((bucket) => ({
    starting_at: new Date(bucket.start).toISOString().replace('.000Z', 'Z'),
    ending_at: new Date(bucket.end).toISOString().replace('.000Z', 'Z'),
    results: rowsOf(bucket.start, bucket.end),
  }));
  return {
    data: buckets.filter((bucket) => !shape.omitEmpty || bucket.results.length > 0),
    has_more: next < all.length,
    next_page: next < all.length ? cursorFor(question, next) : null,
  };
}
