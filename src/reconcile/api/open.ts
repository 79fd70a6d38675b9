import { createRedactor, hasCredentials, withoutCredentials } from '../../secrets/index.ts';
import { anthropic } from './anthropic.ts';
import { toUsd } from './amount.ts';
import { endpointDefaults, type ReportEndpoint } from './request.ts';
import { inconsistentAnswer } from './failure.ts';
import { openai } from './openai.ts';
import { iso, readReport } from './paging.ts';
import type { Provider, Span, UsageItem } from './report.ts';
import type {
  CostAnswer,
  UsageAnswer,
  UsageApi,
  UsageApiOptions,
  UsageBucket,
  UsageFailure,
  UsageQuery,
  UsageRow,
} from './usage-api.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const providers = { openai, anthropic } satisfies Record<UsageApiOptions['provider'], Provider>;

type ClientOptions = UsageApiOptions & Pick<ReportEndpoint, 'redact'>;

/**
 * Opens the usage and cost API of a provider. Every error, including a wrong key or address, is returned as an answer with status
 * `failed`, so an error with one run does not stop the others.
 *
 * @example
 * const api = openUsageApi({ provider: 'openai', adminKey, onResponse: keep });
 * const answer = await api.fetchUsage({ start, end, filter });
 */
export function openUsageApi(options: UsageApiOptions): UsageApi {
  const provider: Provider = providers[options.provider];
  const { redact = createRedactor({ values: [options.adminKey] }).redact } = options;
  const own = { ...options, redact };
  // An address may contain a secret too.
  const redactFailure = <A extends UsageAnswer | CostAnswer>(answer: A): A =>
    answer.status === 'failed' ? { ...answer, reason: redact(answer.reason), fix: redact(answer.fix) } : answer;
  return {
    provider: provider.name,
    fetchUsage: async (query) => redactFailure(await fetchUsage(provider, own, query)),
    fetchCosts: async (query) => redactFailure(await fetchCosts(provider, own, query)),
  };
}

async function fetchUsage(provider: Provider, options: ClientOptions, query: UsageQuery): Promise<UsageAnswer> {
  const span = wholeMinutes(query);
  const fetchedAt = (options.now ?? endpointDefaults.now)().toISOString();
  const rows = new Map<number, UsageRow[]>();
  let pages = 0;
  for (const report of provider.usage) {
    const endpoint = endpointFor(provider, report.path, options, query);
    if ('status' in endpoint) return endpoint;
    const answer = await readReport(endpoint, report, span, query.filter, query.signal);
    if (answer.status === 'failed') return answer;
    pages += answer.pages;
    for (const { start, end, rows: items } of answer.buckets.values()) {
      if (start % MINUTE !== 0 || end !== start + MINUTE) {
        return inconsistentAnswer(endpoint, `a bucket from ${iso(start)} to ${iso(end)}, but minutes were requested`);
      }
      rows.set(start, [...(rows.get(start) ?? []), ...items.map((item) => toRow(item, report.name, query))]);
    }
  }
  const buckets: UsageBucket[] = [];
  for (let start = span.start; start < span.end; start += MINUTE) {
    buckets.push({ start: iso(start), end: iso(start + MINUTE), rows: rows.get(start) ?? [] });
  }
  return { status: 'ok', fetchedAt, buckets, pages };
}

function toRow(
  { project_or_workspace_id: _place, ...item }: UsageItem,
  report: UsageRow['report'],
  { filter }: UsageQuery,
): UsageRow {
  return { ...item, api_key_id: item.api_key_id ?? filter.api_key_id, report };
}

async function fetchCosts(provider: Provider, options: ClientOptions, query: UsageQuery): Promise<CostAnswer> {
  const { start, end } = wholeMinutes(query);
  const span = { start: Math.floor(start / DAY) * DAY, end: Math.ceil(end / DAY) * DAY };
  const endpoint = endpointFor(provider, provider.costs.path, options, query);
  if ('status' in endpoint) return endpoint;
  const asked = endpoint.now().getTime();
  const answer = await readReport(endpoint, provider.costs, span, query.filter, query.signal);
  if (answer.status === 'failed') return answer;
  const items = [...answer.buckets.values()].flatMap((bucket) => bucket.rows);
  const amounts = items.map((item) => item.amount).filter((amount) => amount !== null);
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  if (total < 0n) return inconsistentAnswer(endpoint, `negative costs (${toUsd(total)} USD)`);
  // A partial sum is not an upper bound, so costs are unknown while a day is not over. A day without a bucket is not booked yet.
  const days = (span.end - span.start) / DAY;
  const known = asked >= span.end && answer.buckets.size === days && items.length > 0 && amounts.length === items.length;
  return { status: 'ok', usd: known ? toUsd(total) : null, start: iso(span.start), end: iso(span.end) };
}

function wholeMinutes({ start, end }: UsageQuery): Span {
  const span = { start: start.getTime(), end: end.getTime() };
  if (!(span.end > span.start) || span.start % MINUTE !== 0 || span.end % MINUTE !== 0) {
    throw new RangeError(`not a window of whole minutes: ${String(span.start)} to ${String(span.end)}`);
  }
  return span;
}

/** Checks the request before it is sent; a request that cannot succeed fails here. */
function endpointFor(provider: Provider, path: string, options: ClientOptions, query: UsageQuery): ReportEndpoint | UsageFailure {
  const failed = (reason: string, fix: string): UsageFailure => ({ status: 'failed', reason, fix, retryable: false });
  const { adminKey, baseUrl = provider.baseUrl } = options;
  const foreign = query.filter[provider.unknownFilter];
  if (foreign !== null) {
    const other = provider.unknownFilter === 'project_id' ? 'workspace_id' : 'project_id';
    return failed(
      `${provider.title} does not support ${provider.unknownFilter} (${JSON.stringify(foreign)}).`,
      `Set ${other} or api_key_id in usage_api instead.`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(adminKey)) {
    return failed(
      `The admin key for ${provider.title} is ${adminKey === '' ? 'empty' : 'invalid: it contains spaces, line breaks or non-ASCII characters'}.`,
      provider.access.howToGetKey,
    );
  }
  const url = URL.parse(baseUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || hasCredentials(url) || url.search !== '') {
    return failed(
      `The base_url of ${provider.title}'s usage API is invalid: ${JSON.stringify(url === null ? withoutCredentials(baseUrl) : url.origin)}.`,
      `Write the full address with its version, such as ${provider.baseUrl}, without user, password or query.`,
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  return {
    provider,
    path: url.pathname,
    host: url.host,
    adminKey,
    redact: options.redact,
    url,
    headers: provider.headers(adminKey),
    fetch: options.fetch ?? endpointDefaults.fetch,
    wait: options.wait ?? endpointDefaults.wait,
    now: options.now ?? endpointDefaults.now,
    random: options.random ?? endpointDefaults.random,
    timeoutMs: options.timeoutMs ?? endpointDefaults.timeoutMs,
    onResponse: options.onResponse,
  };
}
