/** One HTTP check: fills in placeholders, sends the request, checks the response, saves values. */
import type { HttpCheck } from '../schema/index.ts';
import { parseJson, toSeconds } from '../schema/index.ts';
import { shortJson, mismatch, readJsonPath } from './json.ts';
import { fillIn, fillText, MissingValue } from './placeholders.ts';
import { sendRequest } from './request.ts';

export interface CheckResult {
  readonly ok: boolean;
  /** As it was sent; as it is written when it could not be filled in. */
  readonly path: string;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly detail: string;
  readonly durationSeconds: number;
}

export interface CheckOptions {
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What earlier checks saved; what this one saves is added. */
  readonly values: Map<string, unknown>;
}

/** Never rejects: any behavior of the service is a result. */
export async function runCheck(check: HttpCheck, options: CheckOptions): Promise<CheckResult> {
  const started = performance.now();
  let filled: ReturnType<typeof prepare>;
  try {
    filled = prepare(check, options.values);
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    return { ok: false, path: check.path, status: null, detail: `not sent: ${error.message}`, durationSeconds: 0 };
  }
  const { path, headers, body, expected } = filled;
  const answer = await sendRequest({
    port: options.port,
    method: check.method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
    timeoutMs: options.timeoutMs,
    signal: options.signal,
  });
  const durationSeconds = toSeconds(performance.now() - started);
  if (answer.kind === 'failed') return { ok: false, path, status: null, detail: answer.reason, durationSeconds };
  const { status } = answer;
  const detail = responseProblem(check, expected, answer, options.values);
  return { ok: detail === null, path, status, detail: detail ?? `answered ${status}`, durationSeconds };
}

function prepare(check: HttpCheck, values: ReadonlyMap<string, unknown>) {
  const sends = check.body !== undefined;
  const preset = { accept: 'application/json', ...(sends ? { 'content-type': 'application/json' } : {}) };
  const given = Object.entries(check.headers).map(([name, value]) => [name.toLowerCase(), fillText(value, values)]);
  return {
    path: fillText(check.path, values, (text) => encodeURIComponent(text.toWellFormed())),
    headers: { ...preset, ...Object.fromEntries(given) } as Record<string, string>,
    body: sends ? JSON.stringify(fillIn(check.body, values)) : undefined,
    expected: check.expect.json === undefined ? undefined : { value: fillIn(check.expect.json, values) },
  };
}

/** Why the answer is not the expected one, or null. */
function responseProblem(
  check: HttpCheck,
  expected: { value: unknown } | undefined,
  answer: { status: number; body: Buffer; complete: boolean },
  values: Map<string, unknown>,
): string | null {
  const accepted = check.expect.status;
  const fits = accepted === undefined ? answer.status >= 200 && answer.status < 300 : [accepted].flat().includes(answer.status);
  if (!fits) {
    const wanted = accepted === undefined ? '200 to 299' : [accepted].flat().join(' or ');
    return `answered ${answer.status}, expected ${wanted}${excerpt(answer.body)}`;
  }
  const wanted = Object.entries(check.save);
  if (expected === undefined && wanted.length === 0) return null;
  if (!answer.complete) return `answered ${answer.status} with a body of more than ${answer.body.length} bytes`;
  const json = parseJson(answer.body.toString('utf8'));
  if (json === undefined) return `answered ${answer.status}, but the body is not JSON${excerpt(answer.body)}`;
  if (expected !== undefined) {
    const difference = mismatch(expected.value, json);
    if (difference !== null) return `answered ${answer.status}, but ${difference}`;
  }
  for (const [name, path] of wanted) {
    const found = readJsonPath(json, path);
    if ('missing' in found)
      return `answered ${answer.status}, but ${found.missing} is missing, to be saved as ${name}; the body is ${shortJson(json)}`;
    values.set(name, found.value);
  }
  return null;
}

function excerpt(body: Buffer): string {
  return body.length === 0 ? '' : `: ${shortJson(body.subarray(0, 1000).toString('utf8'))}`;
}
