/** What a user reads when a provider could not be asked: the reason in one sentence, and a fix. */
import type { z } from 'zod';
import type { Provider } from './report.ts';
import type { UsageFailure } from './usage-api.ts';

/** One question, for sentences. */
export interface RequestContext {
  readonly provider: Provider;
  /** As asked, such as `/v1/organization/usage/completions`. */
  readonly path: string;
  readonly host: string;
  readonly adminKey: string;
  /** The text without secrets. */
  readonly redact: (text: string) => string;
}

const CHECK_BASE_URL =
  'Check usage_api.base_url: it is the address of the API with its version, such as https://api.openai.com/v1.';
const ANSWER_KEPT = 'The answer is kept in logs/reconciliation.log.';

function failed(reason: string, fix: string, retryable: boolean): UsageFailure {
  return { status: 'failed', reason, fix, retryable };
}

const api = ({ provider }: RequestContext): string => `${provider.title}'s usage API`;

/** An answer whose status is not 200. */
export function httpError(asked: RequestContext, status: number, body: string, tries: number): UsageFailure {
  const said = providerMessage(asked, body);
  const answered = `${api(asked)} answered HTTP ${status} to ${asked.path}`;
  const saying = said === null ? '' : `: ${said}`;
  if (status === 401 || status === 403) return accessDenied(asked, answered, said);
  if (status === 404) return failed(`${answered}${saying}.`, CHECK_BASE_URL, false);
  if (isTransient(status)) {
    return failed(
      `${answered}, ${tries === 1 ? 'once' : `${tries} times in a row`}${saying}.`,
      'Ask again later; nothing was concluded from this answer.',
      true,
    );
  }
  if (said !== null && /date range/i.test(said)) {
    return failed(`${answered}${saying}.`, 'The figures of a day appear when the day (UTC) is over; ask again later.', true);
  }
  return failed(
    `${answered}${saying}.`,
    `Check api_key_id, project_id and workspace_id of usage_api, and its base_url. ${ANSWER_KEPT}`,
    false,
  );
}

/** Statuses after which the same question may well be answered. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function accessDenied(asked: RequestContext, answered: string, said: string | null): UsageFailure {
  const { access, title } = asked.provider;
  const missing = /missing scopes?: ([\w.:, -]+?)\.?(?: check|$)/i.exec(said ?? '')?.[1] ?? null;
  const kind = wrongKeyKind(asked);
  if (kind !== null) {
    const reason = `${answered}: the key given is ${kind}, and usage can be read with an admin key alone (scope ${access.scope})`;
    return failed(`${reason}.`, access.howToGetKey, false);
  }
  if (missing !== null) {
    return failed(
      `${answered}: the admin key lacks the scope ${missing}.`,
      `Give the key the scope ${missing} (reading usage needs ${access.scope}), or make another. ${access.howToGetKey}`,
      false,
    );
  }
  const quoted = said === null ? '' : ` (${said})`;
  return failed(
    `${answered}: ${title} does not accept the admin key, or it may not read usage (scope ${access.scope})${quoted}.`,
    access.howToGetKey,
    false,
  );
}

/** What the key is in place of an admin key; null when it looks like one, or like nothing known. */
function wrongKeyKind({ provider, adminKey }: RequestContext): string | null {
  const { adminPrefix, modelKeyPrefix } = provider.access;
  if (adminKey.startsWith(adminPrefix)) return null;
  if (provider.name !== 'anthropic' && adminKey.startsWith('sk-ant-')) return "a key of Anthropic's";
  if (adminKey.startsWith(modelKeyPrefix)) return `an ordinary key (${/^sk-(?:ant-api|proj-|svcacct-)?/.exec(adminKey)?.[0]}…)`;
  if (provider.name === 'anthropic' && /^sk-(?!ant-)/.test(adminKey)) return 'a key of another provider';
  return null;
}

/** Redirected: the key goes to the address that was configured and to no other. */
export function redirectRefused(asked: RequestContext, status: number, to: string | null): UsageFailure {
  const target = to === null ? 'nowhere' : (URL.parse(to, `https://${asked.host}`)?.origin ?? 'an address that is no URL');
  return failed(
    `${api(asked)} at ${asked.host} answered HTTP ${status} and points to ${target}; the admin key was not sent there.`,
    CHECK_BASE_URL,
    false,
  );
}

export function unreachable(asked: RequestContext, error: Error, tries: number): UsageFailure {
  return failed(
    `${api(asked)} at ${asked.host} did not answer ${asked.path}, ${tries} times in a row: ${error.message}.`,
    'Check the network and usage_api.base_url, and ask again later.',
    true,
  );
}

export function retryAfterTooLong(asked: RequestContext, status: number, seconds: number): UsageFailure {
  return failed(
    `${api(asked)} answered HTTP ${status} to ${asked.path} and asks to wait ${seconds} s.`,
    `Ask again after ${seconds} s; nothing was concluded from this answer.`,
    true,
  );
}

/** HTTP 200 with something that is not JSON. */
export function invalidJson(asked: RequestContext, body: string): UsageFailure {
  if (/^\s*</.test(body)) {
    return failed(
      `${api(asked)} answered ${asked.path} with ${describePage(asked, body)} and not with JSON.`,
      `${CHECK_BASE_URL} ${ANSWER_KEPT}`,
      false,
    );
  }
  const seen = body.trim() === '' ? 'an empty body' : `text that begins ${JSON.stringify(asked.redact(body).slice(0, 60))}`;
  return failed(`${api(asked)} answered ${asked.path} with ${seen} and not with JSON.`, `Ask again later. ${ANSWER_KEPT}`, true);
}

/** JSON of another shape. */
export function unexpectedShape(asked: RequestContext, error: z.ZodError): UsageFailure {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the answer' : issue.path.join('.');
  return failed(
    `${api(asked)} answered ${asked.path} in a shape that is not known: ${where}: ${issue?.message ?? 'unreadable'}.`,
    `${ANSWER_KEPT} If the API has changed, this version cannot read it; nothing was concluded from this answer.`,
    false,
  );
}

/** Well-formed, but no answer to the question. */
export function inconsistentAnswer(asked: RequestContext, what: string): UsageFailure {
  return failed(`${api(asked)} answered ${asked.path} with ${what}.`, `Ask again later. ${ANSWER_KEPT}`, true);
}

const MAX_QUOTE_LENGTH = 300;

/** The provider's own message, without what looks like a key; null when there is none. */
function providerMessage(asked: RequestContext, body: string): string | null {
  if (/^\s*</.test(body)) return describePage(asked, body);
  let message: unknown = null;
  try {
    const answer = JSON.parse(body) as Record<string, unknown> | null;
    const error = answer?.['error'] ?? answer;
    message = typeof error === 'object' && error !== null ? (error as Record<string, unknown>)['message'] : error;
  } catch {
    message = body;
  }
  if (typeof message !== 'string' || message.trim() === '') return null;
  return asked
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
