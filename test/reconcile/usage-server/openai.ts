/** The organization usage and costs endpoints of OpenAI. */
import { bucketsBetween, DAY, grouped, MINUTE, sum, sumDecimals, type Book, type BookedCall } from './book.ts';
import { bad, choice, cursorFor, groups, integer, limit, positionOf, readQuery, type Query } from './parameters.ts';

export interface Shape {
  /** Fewer buckets a page than asked for. */
  readonly pageSize: number | null;
  /** Buckets without use are left out. */
  readonly omitEmpty: boolean;
  /** Field names of the predecessor. */
  readonly oldNames: boolean;
  /** Amounts as text. */
  readonly amountsAsText: boolean;
  /** Filters are accepted and ignored. */
  readonly ignoreFilters: boolean;
  /** Changes every row before it is sent. */
  readonly row: (row: Record<string, unknown>) => Record<string, unknown>;
}

const FILTERS = ['project_ids', 'user_ids', 'api_key_ids', 'models'];
const WIDTHS = { '1m': [MINUTE, 60, 1440], '1h': [60 * MINUTE, 24, 168], '1d': [DAY, 7, 31] } as const;
const OLD_NAMES: Record<string, string> = {
  input_tokens: 'n_context_tokens_total',
  output_tokens: 'n_generated_tokens_total',
  num_model_requests: 'n_requests',
  input_cached_tokens: 'n_cached_context_tokens_total',
};

/** Null: no such path. */
export function answerOpenai(path: string, search: URLSearchParams, book: Book, now: Date, shape: Shape): unknown {
  if (path === '/v1/organization/usage/completions') return usage('completions', search, book, now, shape);
  if (path === '/v1/organization/usage/embeddings') return usage('embeddings', search, book, now, shape);
  if (path === '/v1/organization/costs') return costs(search, book, now, shape);
  return null;
}

function usage(report: 'completions' | 'embeddings', search: URLSearchParams, book: Book, now: Date, shape: Shape): unknown {
  const completions = report === 'completions';
  const query = readQuery(search, {
    one: ['start_time', 'end_time', 'bucket_width', 'limit', 'page', ...(completions ? ['batch'] : [])],
    many: [...FILTERS, 'group_by'],
    bareArrays: true,
  });
  const [width, byDefault, most] = WIDTHS[choice(query, 'bucket_width', ['1m', '1h', '1d'], '1d')];
  const dimensions = ['project_id', 'user_id', 'api_key_id', 'model', ...(completions ? ['batch', 'service_tier'] : [])];
  const asked = groups(query, dimensions);
  const calls = book
    .seenAt(now)
    .filter(({ call }) => (call.report ?? 'completions') === report && (shape.ignoreFilters || matchesFilter(query, call)));
  return page(query, search, now, width, limit(query, byDefault, most), shape, (start, end) =>
    grouped(
      calls.filter(({ minute }) => minute >= start && minute < end).map(({ call }) => call),
      (call) => dimensionsOf(call, dimensions),
      asked,
    ).map((group) => shape.row(renamed({ ...figures(report, group.calls), ...group.dimensions }, shape.oldNames))),
  );
}

function figures(report: 'completions' | 'embeddings', calls: readonly BookedCall[]): Record<string, unknown> {
  const input = sum(calls, (call) => call.input);
  if (report === 'embeddings') {
    return { object: 'organization.usage.embeddings.result', input_tokens: input, num_model_requests: calls.length };
  }
  const cached = sum(calls, (call) => call.cached ?? 0);
  const written = sum(calls, (call) => call.cacheWrite ?? 0);
  const output = sum(calls, (call) => call.output);
  return {
    object: 'organization.usage.completions.result',
    input_tokens: input,
    output_tokens: output,
    input_cached_tokens: cached,
    input_uncached_tokens: input - cached - written,
    input_cache_write_tokens: written,
    input_text_tokens: input - cached - written,
    output_text_tokens: output,
    input_cached_text_tokens: cached,
    input_audio_tokens: 0,
    input_cached_audio_tokens: 0,
    output_audio_tokens: 0,
    input_image_tokens: 0,
    input_cached_image_tokens: 0,
    output_image_tokens: 0,
    num_model_requests: calls.length,
  };
}

function costs(search: URLSearchParams, book: Book, now: Date, shape: Shape): unknown {
  const query = readQuery(search, {
    one: ['start_time', 'end_time', 'bucket_width', 'limit', 'page'],
    many: ['project_ids', 'api_key_ids', 'group_by'],
    bareArrays: true,
  });
  choice(query, 'bucket_width', ['1d'], '1d');
  const dimensions = ['project_id', 'line_item', 'api_key_id'];
  const asked = groups(query, dimensions);
  const calls = book
    .seenAt(now)
    .filter(({ call }) => call.usd !== undefined && (shape.ignoreFilters || matchesFilter(query, call)));
  return page(query, search, now, DAY, limit(query, 7, 180), shape, (start, end) =>
    grouped(
      calls.filter(({ minute }) => minute >= start && minute < end).map(({ call }) => call),
      (call) => ({ ...dimensionsOf(call, ['project_id', 'api_key_id']), line_item: call.model }),
      asked,
    ).map((group) => {
      const value = sumDecimals(group.calls.map((call) => call.usd ?? '0'));
      return shape.row({
        object: 'organization.costs.result',
        amount: { value: shape.amountsAsText ? value : Number(value), currency: 'usd' },
        ...group.dimensions,
      });
    }),
  );
}

function dimensionsOf(call: BookedCall, names: readonly string[]): Record<string, unknown> {
  const all: Record<string, unknown> = {
    project_id: call.projectId ?? null,
    user_id: null,
    api_key_id: call.apiKeyId ?? null,
    model: call.model,
    batch: call.batch ?? false,
    service_tier: 'default',
  };
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

function matchesFilter(query: Query, call: BookedCall): boolean {
  const within = (name: string, value: string | null | undefined): boolean => {
    const list = query.many.get(name);
    return list === undefined || (typeof value === 'string' && list.includes(value));
  };
  const batch = query.one.get('batch');
  return (
    within('project_ids', call.projectId) &&
    within('api_key_ids', call.apiKeyId) &&
    within('models', call.model) &&
    within('user_ids', null) &&
    (batch === undefined || batch === String(call.batch ?? false))
  );
}

function page(
  query: Query,
  search: URLSearchParams,
  now: Date,
  width: number,
  asked: number,
  shape: Shape,
  rowsOf: (start: number, end: number) => Record<string, unknown>[],
): unknown {
  const start = integer(query, 'start_time');
  if (start === null) throw bad("Missing required parameter: 'start_time'.", 'start_time');
  const end = integer(query, 'end_time') ?? Math.ceil(now.getTime() / 1000);
  if (end <= start) throw bad(`Invalid 'end_time': ${end} is not after 'start_time' (${start}).`, 'end_time');
  const question = new URLSearchParams([...search].filter(([name]) => name !== 'page')).toString();
  const position = positionOf(query, question);
  const all = bucketsBetween(start * 1000, end * 1000, width);
  const next = position + Math.min(asked, shape.pageSize ?? asked);
  const buckets = all.slice(position, next).map((bucket) => ({
    object: 'bucket',
    start_time: bucket.start / 1000,
    end_time: bucket.end / 1000,
    results: rowsOf(bucket.start, Math.min(bucket.end, end * 1000)),
  }));
  return {
    object: 'page',
    data: buckets.filter((bucket) => !shape.omitEmpty || bucket.results.length > 0),
    has_more: next < all.length,
    next_page: next < all.length ? cursorFor(question, next) : null,
  };
}

function renamed(row: Record<string, unknown>, old: boolean): Record<string, unknown> {
  if (!old) return row;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [OLD_NAMES[name] ?? name, value]));
}
