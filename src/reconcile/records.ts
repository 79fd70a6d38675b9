/** Reads and writes the records of attempts in a run's `reconciliation.log`, confirmed by metadata.json or not. */
import { getLogger, MAX_RECORD_BYTES, runRedactor } from '../log/index.ts';
import { EVENT_METADATA, ReconciliationAttempt, type EventMetadata } from '../schema/index.ts';
import { LOGS_DIR, openRunDirectory, readLogFile, RECONCILIATION_LOG } from '../store/index.ts';
import type { RawPage } from './api/usage-api.ts';

const log = getLogger('reconcile', { component: 'reconciliation' });

/** Maximum size of a body in one record, as JSON; the rest of the record is small. */
const MAX_PART_BYTES = MAX_RECORD_BYTES / 2;

export interface LoggedAttempts {
  /** Oldest first. */
  readonly attempts: readonly ReconciliationAttempt[];
  /** One more than any number in the log, so answers of an interrupted attempt are not mistaken for those of the next. */
  readonly nextNumber: number;
}

const AttemptNumber = EVENT_METADATA.usage_api_response.pick({ reconciliation_attempt: true });

export async function readAttempts(runDir: string): Promise<LoggedAttempts> {
  const attempts: ReconciliationAttempt[] = [];
  let highest = 0;
  await using source = await openRunDirectory(runDir, { sealed: null });
  const [file] = (await source.files(LOGS_DIR)).filter(({ path }) => path === RECONCILIATION_LOG);
  if (file === undefined) return { attempts, nextNumber: 1 };
  for await (const item of readLogFile(source, RECONCILIATION_LOG)) {
    if (!('record' in item)) continue;
    const { event, metadata } = item.record;
    if (event === 'usage_api_response')
      highest = Math.max(highest, AttemptNumber.safeParse(metadata).data?.reconciliation_attempt ?? 0);
    if (event !== 'reconciliation_attempt') continue;
    const attempt = ReconciliationAttempt.safeParse(metadata).data;
    if (attempt === undefined) continue;
    attempts.push(attempt);
    highest = Math.max(highest, attempt.attempt);
  }
  return { attempts, nextNumber: highest + 1 };
}

/** Records a raw answer before it is parsed. Call it in the run's log scope. */
export function recordPage(attempt: number, { error, body, ...page }: RawPage): void {
  // Mask before splitting: a secret could lie across the border of two parts.
  const parts = splitBody(runRedactor().redact(body));
  const message = `${page.report} page ${page.page}: ${page.status === null ? 'no answer' : `HTTP ${page.status}`}`;
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const metadata: EventMetadata<'usage_api_response'> = {
      reconciliation_attempt: attempt,
      ...page,
      body: part,
      ...(parts.length === 1 ? {} : { part: index + 1, last_part: last }),
    };
    const fields = { event: 'usage_api_response', metadata };
    if (error !== undefined && last) log.warn(message, { ...fields, error });
    else log.info(message, fields);
  }
}

export function recordAttempt(attempt: ReconciliationAttempt): void {
  const fields = { event: 'reconciliation_attempt', metadata: { ...attempt } satisfies ReconciliationAttempt };
  const message = `Attempt ${attempt.attempt}: ${attempt.state}. ${attempt.reason}`;
  if (attempt.state === 'mismatch' || attempt.state === 'unavailable') log.warn(message, fields);
  else log.info(message, fields);
}

/** Splits a body into parts whose JSON fits a record, never within a character. Returns at least one part. */
export function splitBody(body: string): string[] {
  const parts: string[] = [];
  let at = 0;
  while (body.length - at > MAX_PART_BYTES / 6) {
    let length = Math.min(body.length - at, MAX_PART_BYTES);
    while (Buffer.byteLength(JSON.stringify(body.slice(at, at + length))) > MAX_PART_BYTES) length = Math.floor(length / 2);
    if (isHighSurrogate(body.charCodeAt(at + length - 1)) && at + length < body.length) length -= 1;
    parts.push(body.slice(at, at + length));
    at += length;
  }
  if (at < body.length || parts.length === 0) parts.push(body.slice(at));
  return parts;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
