/** One question to a provider: a GET, again after a pause where that may help. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../errors/index.ts';
import { errnoOf } from '../../store/index.ts';
import { asksToWait, isPassing, redirected, refused, unreachable, type Asked } from './failure.ts';
import type { RawPage, UsageApiOptions, UsageFailure } from './usage-api.ts';

const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** What asks for a longer pause is asked again by the next attempt, and not by this one. */
const LONGEST_RETRY_AFTER_MS = 120_000;
const TIME_LIMIT_MS = 30_000;

export interface Line extends Asked {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly fetch: typeof fetch;
  readonly wait: NonNullable<UsageApiOptions['wait']>;
  readonly now: () => Date;
  readonly random: () => number;
  readonly timeLimitMs: number;
  readonly onResponse: (page: RawPage) => void;
}

export interface Question extends Pick<RawPage, 'report' | 'parameters' | 'page'> {
  readonly cursor: string | null;
  readonly signal: AbortSignal | undefined;
}

export const lineDefaults = {
  fetch: (...request: Parameters<typeof fetch>) => fetch(...request),
  wait: async (ms: number, signal?: AbortSignal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
  now: () => new Date(),
  random: Math.random,
  timeLimitMs: TIME_LIMIT_MS,
};

interface Heard {
  readonly status: number | null;
  readonly headers: Headers;
  readonly body: string;
  /** The answer did not come, or not to its end. */
  readonly error: Error | null;
}

/** @throws the reason of the signal when it aborts. */
export async function ask(line: Line, question: Question): Promise<{ status: 'ok'; body: string } | UsageFailure> {
  const { signal } = question;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    const fetchedAt = line.now();
    const heard = await send(line, question);
    line.onResponse({
      provider: line.provider.name,
      report: question.report,
      path: line.path,
      parameters: { ...question.parameters, ...(question.cursor === null ? {} : { page: question.cursor }) },
      page: question.page,
      tries,
      fetched_at: fetchedAt.toISOString(),
      status: heard.status,
      request_id: heard.headers.get('x-request-id') ?? heard.headers.get('request-id'),
      body: heard.body,
      ...(heard.error === null ? {} : { error: heard.error }),
    });
    signal?.throwIfAborted();
    const pause = pauseAfter(line, heard, tries);
    if (typeof pause === 'object') return pause;
    await line.wait(pause, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

/** Milliseconds until the next try, or what this try came to. */
function pauseAfter(line: Line, heard: Heard, tries: number): number | { status: 'ok'; body: string } | UsageFailure {
  const { status, error } = heard;
  if (error === null && status === 200) return { status: 'ok', body: heard.body };
  if (error === null && status !== null) {
    if (status >= 300 && status < 400) return redirected(line, status, heard.headers.get('location'));
    if (!isPassing(status)) return refused(line, status, heard.body, tries);
    const asked = retryAfterMs(heard.headers.get('retry-after'), line.now());
    if (asked !== null && asked > LONGEST_RETRY_AFTER_MS) return asksToWait(line, status, Math.ceil(asked / 1000));
    if (tries === MOST_TRIES) return refused(line, status, heard.body, tries);
    if (asked !== null) return asked + Math.round(line.random() * FIRST_PAUSE_MS);
  }
  if (tries === MOST_TRIES) return unreachable(line, error ?? new Error('no answer'), tries);
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
  return Math.round(longest * (0.5 + line.random() / 2));
}

async function send(line: Line, { parameters, cursor, signal }: Question): Promise<Heard> {
  const url = new URL(line.url);
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value === 'string') url.searchParams.append(name, value);
    else for (const one of value) url.searchParams.append(`${name}[]`, one);
  }
  if (cursor !== null) url.searchParams.append('page', cursor);

  const timeLimit = AbortSignal.timeout(line.timeLimitMs);
  const decoder = new TextDecoder();
  let status: number | null = null;
  let headers = new Headers();
  let body = '';
  try {
    const response = await line.fetch(url, {
      headers: { accept: 'application/json', 'user-agent': 'stepwell', ...line.headers },
      // The key of a header of its own would follow to another host.
      redirect: 'manual',
      signal: signal === undefined ? timeLimit : AbortSignal.any([timeLimit, signal]),
    });
    ({ status, headers } = response);
    for await (const chunk of response.body ?? []) body += decoder.decode(chunk as Uint8Array, { stream: true });
    return { status, headers, body: covered(line, body + decoder.decode()), error: null };
  } catch (error) {
    const seconds = line.timeLimitMs / 1000;
    const message = timeLimit.aborted ? `nothing within ${seconds} s` : covered(line, fetchReason(error));
    return { status, headers, body: covered(line, body), error: new Error(status === null ? message : `cut short: ${message}`) };
  }
}

/** The cause says what happened; fetch itself only that it failed. */
function fetchReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message || (errnoOf(cause) ?? messageOf(error)) : messageOf(error);
}

function covered(line: Line, text: string): string {
  return text.replaceAll(line.adminKey, '[admin key]');
}

/** Milliseconds from `now` that a `retry-after` header asks for, in seconds or as a date; null when it asks for nothing. */
export function retryAfterMs(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = /[a-z]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
