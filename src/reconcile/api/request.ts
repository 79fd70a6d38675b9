/** Requests one page of a report, with retries for transient errors. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../errors/index.ts';
import { errnoOf } from '../../store/index.ts';
import { retryAfterTooLong, isTransient, redirectRefused, httpError, unreachable, type RequestContext } from './failure.ts';
import type { RawPage, UsageApiOptions, UsageFailure } from './usage-api.ts';

const MAX_TRIES = 5;
const BASE_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
/** A longer retry-after ends this attempt; the next attempt asks again. */
const MAX_RETRY_AFTER_MS = 120_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface ReportEndpoint extends RequestContext {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly fetch: typeof fetch;
  readonly wait: NonNullable<UsageApiOptions['wait']>;
  readonly now: () => Date;
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly onResponse: (page: RawPage) => void;
}

export interface PageRequest extends Pick<RawPage, 'report' | 'parameters' | 'page'> {
  readonly cursor: string | null;
  readonly signal: AbortSignal | undefined;
}

export const endpointDefaults = {
  fetch: (...request: Parameters<typeof fetch>) => fetch(...request),
  wait: async (ms: number, signal?: AbortSignal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
  now: () => new Date(),
  random: Math.random,
  timeoutMs: REQUEST_TIMEOUT_MS,
};

interface HttpResult {
  readonly status: number | null;
  readonly headers: Headers;
  readonly body: string;
  /** Set when the response did not arrive, or not completely. */
  readonly error: Error | null;
}

/** @throws the reason of the signal when it aborts. */
export async function requestPage(
  endpoint: ReportEndpoint,
  question: PageRequest,
): Promise<{ status: 'ok'; body: string } | UsageFailure> {
  const { signal } = question;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    const fetchedAt = endpoint.now();
    const result = await send(endpoint, question);
    endpoint.onResponse({
      provider: endpoint.provider.name,
      report: question.report,
      path: endpoint.path,
      parameters: { ...question.parameters, ...(question.cursor === null ? {} : { page: question.cursor }) },
      page: question.page,
      tries,
      fetched_at: fetchedAt.toISOString(),
      status: result.status,
      request_id: result.headers.get('x-request-id') ?? result.headers.get('request-id'),
      body: result.body,
      ...(result.error === null ? {} : { error: result.error }),
    });
    signal?.throwIfAborted();
    const pause = delayOrResult(endpoint, result, tries);
    if (typeof pause === 'object') return pause;
    await endpoint.wait(pause, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

/** Milliseconds until the next try, or the final result. */
function delayOrResult(
  endpoint: ReportEndpoint,
  result: HttpResult,
  tries: number,
): number | { status: 'ok'; body: string } | UsageFailure {
  const { status, error } = result;
  if (error === null && status === 200) return { status: 'ok', body: result.body };
  if (error === null && status !== null) {
    if (status >= 300 && status < 400) return redirectRefused(endpoint, status, result.headers.get('location'));
    if (!isTransient(status)) return httpError(endpoint, status, result.body, tries);
    const asked = retryAfterMs(result.headers.get('retry-after'), endpoint.now());
    if (asked !== null && asked > MAX_RETRY_AFTER_MS) return retryAfterTooLong(endpoint, status, Math.ceil(asked / 1000));
    if (tries === MAX_TRIES) return httpError(endpoint, status, result.body, tries);
    if (asked !== null) return asked + Math.round(endpoint.random() * BASE_DELAY_MS);
  }
  if (tries === MAX_TRIES) return unreachable(endpoint, error ?? new Error('no answer'), tries);
  const longest = Math.min(BASE_DELAY_MS * 2 ** (tries - 1), MAX_DELAY_MS);
  return Math.round(longest * (0.5 + endpoint.random() / 2));
}

async function send(endpoint: ReportEndpoint, { parameters, cursor, signal }: PageRequest): Promise<HttpResult> {
  const url = new URL(endpoint.url);
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value === 'string') url.searchParams.append(name, value);
    else for (const one of value) url.searchParams.append(`${name}[]`, one);
  }
  if (cursor !== null) url.searchParams.append('page', cursor);

  const timeLimit = AbortSignal.timeout(endpoint.timeoutMs);
  const decoder = new TextDecoder();
  let status: number | null = null;
  let headers = new Headers();
  let body = '';
  try {
    const response = await endpoint.fetch(url, {
      headers: { accept: 'application/json', 'user-agent': 'stepwell', ...endpoint.headers },
      // A followed redirect would send the key's custom header to another host.
      redirect: 'manual',
      signal: signal === undefined ? timeLimit : AbortSignal.any([timeLimit, signal]),
    });
    ({ status, headers } = response);
    for await (const chunk of response.body ?? []) body += decoder.decode(chunk as Uint8Array, { stream: true });
    return { status, headers, body: withoutKey(endpoint, body + decoder.decode()), error: null };
  } catch (error) {
    const seconds = endpoint.timeoutMs / 1000;
    const message = timeLimit.aborted ? `no response within ${seconds} s` : withoutKey(endpoint, fetchReason(error));
    return {
      status,
      headers,
      body: withoutKey(endpoint, body),
      error: new Error(status === null ? message : `response incomplete: ${message}`),
    };
  }
}

/** The error's cause says what happened; fetch's own message only says that it failed. */
function fetchReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message || (errnoOf(cause) ?? messageOf(error)) : messageOf(error);
}

function withoutKey(endpoint: ReportEndpoint, text: string): string {
  return text.replaceAll(endpoint.adminKey, '[admin key]');
}

/** Milliseconds from `now` that a `retry-after` header asks for, in seconds or as a date; null when it asks for nothing. */
export function retryAfterMs(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = /[a-z]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
