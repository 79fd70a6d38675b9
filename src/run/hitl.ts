/** Clarifications: each question gets the configured fixed text, and both are kept. */
import { createHash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runRedactor, type Logger } from '../log/index.ts';
import type { EventMetadata, HitlEvent } from '../schema/index.ts';
import { HITL_FILE } from '../store/index.ts';
import { runError } from './errors.ts';

export interface ClarificationContext {
  readonly runDir: string;
  readonly runId: string;
  readonly step: number;
  readonly attempt: number;
  readonly answer: string | null;
  /** Component logger `adapter`. */
  readonly log: Logger;
}

/**
 * Answers one clarification and records it in adapter.log and hitl_events.jsonl.
 *
 * @throws NO_HITL_TEXT when no answer is configured; the attempt then fails as the framework's failure
 */
export async function answerClarification(query: string, to: ClarificationContext): Promise<string> {
  const { runDir, runId, step, attempt, answer, log } = to;
  if (answer === null) throw runError('NO_HITL_TEXT', { step, query });
  const redactor = runRedactor();
  const response_sha1 = createHash('sha1').update(answer).digest('hex');
  const lengths = { query_length: query.length, response_length: answer.length };
  const event: HitlEvent = {
    timestamp: new Date().toISOString(),
    run_id: runId,
    step,
    attempt,
    query: redactor.redact(query),
    response: redactor.redact(answer),
    response_sha1,
    ...lengths,
  };
  try {
    // Before the record: `recover` can add a missing record from here, but not the other way round.
    await appendFile(join(runDir, HITL_FILE), `${JSON.stringify(event)}\n`, { flush: true });
  } catch (error) {
    // The framework gets its answer all the same; that the file lacks one is noticed when the run is sealed.
    log.error(`The clarification could not be added to ${HITL_FILE}`, { event: 'hitl_not_kept', error });
  }
  log.info('The framework asked for a clarification', {
    event: 'hitl',
    metadata: { query, ...lengths, response_sha1 } satisfies EventMetadata<'hitl'>,
  });
  return answer;
}
