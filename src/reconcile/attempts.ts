/** The attempts that a run's `reconciliation.log` holds, whether metadata.json already says so or not. */
import { EVENT_METADATA, ReconciliationAttempt } from '../schema.ts';
import { LOGS_DIR, openRunDirectory, readLogFile, RECONCILIATION_LOG } from '../store.ts';

export interface LoggedAttempts {
  /** Oldest first. */
  readonly attempts: readonly ReconciliationAttempt[];
  /** One more than any in the log, so that the answers of an attempt that was cut off are not taken for those of another. */
  readonly nextNumber: number;
}

const Numbered = EVENT_METADATA.usage_api_response.pick({ reconciliation_attempt: true });

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
      highest = Math.max(highest, Numbered.safeParse(metadata).data?.reconciliation_attempt ?? 0);
    if (event !== 'reconciliation_attempt') continue;
    const attempt = ReconciliationAttempt.safeParse(metadata).data;
    if (attempt === undefined) continue;
    attempts.push(attempt);
    highest = Math.max(highest, attempt.attempt);
  }
  return { attempts, nextNumber: highest + 1 };
}
