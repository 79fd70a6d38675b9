/** Messages for failed requests: the reason in one sentence, and a fix. */
import type { z } from 'zod';
import type { Provider } from './report.ts';
import type { UsageFailure } from './usage-api.ts';

/** The facts about a request that messages use. */
export interface RequestContext {
  readonly provider: Provider;
  /** As requested, such as `/v1/organization/usage/completions`. */
  readonly path: string;
  readonly host: string;
  readonly adminKey: string;
  /** Masks secrets in a text. */
  readonly redact: (text: string) => string;
}

const CHECK_BASE_URL =
  'Check usage_api.base_url: it must be the address of the API with its version, such as https://api.openai.com/v1.';
const ANSWER_KEPT = 'The answer is recorded in logs/reconciliation.log.';

function failed(reason: string, fix: string, retryable: boolean): UsageFailure {
  return { status: 'failed', reason, fix, retryable };
}

const api = ({ provider }: RequestContext): string => `${provider.title}'s usage API`;

/** A response whose status is not 200. */
export function httpError(context: RequestContext, status: number, body: string, tries: number): UsageFailure {
  const message = providerMessage(context, body);
  const answered = `${api(context)} answered HTTP ${status} to ${context.path}`;
  const suffix = message === null ? '' : `: ${message}`;
  if (status === 401 || status === 403) return accessDenied(context, answered, message);
  if (status === 404) return failed(`${answered}${suffix}.`, CHECK_BASE_URL, false);
  if (isTransient(status)) {
    return failed(
      `${answered}, ${tries === 1 ? 'once' : `${tries} times in a row`}${suffix}.`,
      'Try again later; this answer was ignored.',
      true,
    );
  }
  if (message !== null && /date range/i.test(message)) {
    return failed(
      `${answered}${suffix}.`,
      'The figures of a day are available after the day (UTC) is over; try again later.',
      true,
    );
  }
  return failed(
    `${answered}${suffix}.`,
    `Check api_key_id, project_id and workspace_id of usage_api, and its base_url. ${ANSWER_KEPT}`,
    false,
  );
}

/** Statuses after which a retry may succeed. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function accessDenied(context: RequestContext, answered: string, message: string | null): UsageFailure {
  const { access, title } = context.provider;
  const missing = /missing scopes?: ([\w.:, -]+?)\.?(?: check|$)/i.exec(message ?? '')?.[1] ?? null;
  const kind = wrongKeyKind(context);
  if (kind !== null) {
    const reason = `${answered}: the given key is ${kind}, but reading usage requires an admin key (scope ${access.scope})`;
    return failed(`${reason}.`, access.howToGetKey, false);
  }
  if (missing !== null) {
    return failed(
      `${answered}: the admin key lacks the scope ${missing}.`,
      `Add the scope ${missing} to the key (reading usage needs ${access.scope}), or create another key. ${access.howToGetKey}`,
      false,
    );
  }
  const quoted = message === null ? '' : ` (${message})`;
  return failed(
    `${answered}: ${title} does not accept the admin key, or it may not read usage (scope ${access.scope})${quoted}.`,
    access.howToGetKey,
    false,
  );
}

/** What kind of key was given instead of an admin key; null when it looks like an admin key, or is of no known kind. */
function wrongKeyKind({ provider, adminKey }: RequestContext): string | null {
  const { adminPrefix, modelKeyPrefix } = provider.access;
  if (adminKey.startsWith(adminPrefix)) return null;
  if (provider.name !== 'anthropic' && adminKey.startsWith('sk-ant-')) return 'an Anthropic key';
  if (adminKey.startsWith(modelKeyPrefix)) return `a model API key (${/^sk-(?:ant-api|proj-|svcacct-)?/.exec(adminKey)?.[0]}…)`;
  if (provider.name === 'anthropic' && /^sk-(?!ant-)/.test(adminKey)) return 'a key of another provider';
  return null;
}

/** A redirect is not followed: the key is sent only to the configured address. */
export function redirectRefused(context: RequestContext, status: number, to: string | null): UsageFailure {
  const target = to === null ? 'nowhere' : (URL.parse(to, `https://${context.host}`)?.origin ?? 'an invalid URL');
  return failed(
    `${api(context)} at ${context.host} answered HTTP ${status} and points to ${target}; the admin key was not sent there.`,
    CHECK_BASE_URL,
    false,
  );
}

export function unreachable(context: RequestContext, error: Error, tries: number): UsageFailure {
  return failed(
    `${api(context)} at ${context.host} did not answer ${context.path}, ${tries} times in a row: ${error.message}.`,
    'Check the network and usage_api.base_url, and try again later.',
    true,
  );
}

export function retryAfterTooLong(context: RequestContext, status: number, seconds: number): UsageFailure {
  return failed(
    `${api(context)} answered HTTP ${status} to ${context.path} and asks to wait ${seconds} s.`,
    `Try again after ${seconds} s; this answer was ignored.`,
    true,
  );
}

/** HTTP 200 with a body that is not JSON. */
export function invalidJson(context: RequestContext, body: string): UsageFailure {
  if (/^\s*</.test(body)) {
    return failed(
      `${api(context)} answered ${context.path} with ${describePage(context, body)} instead of JSON.`,
      `${CHECK_BASE_URL} ${ANSWER_KEPT}`,
      false,
    );
  }
  const seen = body.trim() === '' ? 'an empty body' : `text that begins ${JSON.stringify(context.redact(body).slice(0, 60))}`;
  return failed(
    `${api(context)} answered ${context.path} with ${seen} instead of JSON.`,
    `Try again later. ${ANSWER_KEPT}`,
    true,
  );
}

/** Valid JSON of an unexpected shape. */
export function unexpectedShape(context: RequestContext, error: z.ZodError): UsageFailure {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the answer' : issue.path.join('.');
  return failed(
    `${api(context)} answered ${context.path} in an unexpected shape: ${where}: ${issue?.message ?? 'unreadable'}.`,
    `${ANSWER_KEPT} If the API has changed, this version cannot read it; this answer was ignored.`,
    false,
  );
}

/** Valid in shape, but inconsistent with the request. */
export function inconsistentAnswer(context: RequestContext, what: string): UsageFailure {
  return failed(`${api(context)} answered ${context.path} with ${what}.`, `Try again later. ${ANSWER_KEPT}`, true);
}

const MAX_QUOTE_LENGTH = 300;

/** The provider's own message, with anything that looks like a key masked; null when there is none. */
function providerMessage(context: RequestContext, body: string): string | null {
  if (/^\s*</.test(body)) return describePage(context, body);
  let message: unknown = null;
  try {
    const answer = JSON.parse(body) as Record<string, unknown> | null;
    const error = answer?.['error'] ?? answer;
    message = typeof error === 'object' && error !== null ? (error as Record<string, unknown>)['message'] : error;
  } catch {
    message = body;
  }
  if (typeof message !== 'string' || message.trim() === '') return null;
  return context
    .redact(message)
    .replaceAll(/sk-[\w*-]+/g, 'sk-…')
    .replaceAll(/[\w-]*\*{3,}[\w*-]*/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_QUOTE_LENGTH)
    .replace(/\.$/, '');
}

function describePage({ redact }: RequestContext, body: string): string {
  const title = /<title[^>]*>([^<]{1,100})/i.exec(redact(body))?.[1]?.trim();
  return title === undefined || title === '' ? 'a web page' : `a web page (${JSON.stringify(title)})`;
}
