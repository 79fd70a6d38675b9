/** Compares hitl_events.jsonl with the recorded clarifications. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getLogger, withStep } from '../log/index.ts';
import { HitlEvent, type EventMetadata } from '../schema/index.ts';
import { HITL_FILE, ifErrno, openRunDirectory, readRecords, writeFileAtomic } from '../store/index.ts';

const log = getLogger('experiment/clarifications', { component: 'adapter' });

/** Complete lines of the run's hitl_events.jsonl, and the size of a torn last line. */
async function readEvents(runDir: string): Promise<{ lines: string[]; tornBytes: number }> {
  const text = await readFile(join(runDir, HITL_FILE), 'utf8').catch(ifErrno('ENOENT', ''));
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  return { lines, tornBytes: Buffer.byteLength(torn) };
}

/** A problem as a sentence when the file does not hold as many clarifications as were recorded. */
export async function missingClarifications(runDir: string, recorded: number): Promise<string[]> {
  const kept = (await readEvents(runDir)).lines.length;
  return kept === recorded ? [] : [`${HITL_FILE} holds ${kept} clarifications, but ${recorded} were recorded`];
}

/**
 * After a process died: removes a torn last line, and records in its step each clarification that was stored but not yet
 * recorded.
 */
export async function recoverClarifications(runDir: string): Promise<void> {
  const { lines, tornBytes } = await readEvents(runDir);
  if (tornBytes > 0) {
    await writeFileAtomic(join(runDir, HITL_FILE), lines.map((line) => `${line}\n`).join(''));
    log.warn(`A torn line of ${HITL_FILE} was taken out`, {
      event: 'hitl_torn',
      metadata: { torn_bytes: tornBytes } satisfies EventMetadata<'hitl_torn'>,
    });
  }
  const recorded = await recordedDigests(runDir);
  for (const line of lines) {
    const event = HitlEvent.parse(JSON.parse(line));
    const left = recorded.get(event.response_sha1) ?? 0;
    recorded.set(event.response_sha1, left - 1);
    if (left <= 0) record(event);
  }
}

async function recordedDigests(runDir: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await using source = await openRunDirectory(runDir, { sealed: null });
  for await (const item of readRecords(source)) {
    if (!('record' in item) || item.record.event !== 'hitl') continue;
    const digest = String(item.record.metadata['response_sha1']);
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  return counts;
}

function record({ step, attempt, query, query_length, response_length, response_sha1 }: HitlEvent): void {
  const write = (): void =>
    log.info('The framework asked for a clarification; recorded by the recovery', {
      event: 'hitl',
      metadata: { query, query_length, response_length, response_sha1 } satisfies EventMetadata<'hitl'>,
    });
  if (step === null) write();
  else withStep(step, attempt === null ? {} : { attempt }, write);
}
