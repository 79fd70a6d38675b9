/** Recovers events that a framework had written but stepwell had not recorded when it died. */
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { getLogger, withStep } from '../log/index.ts';
import type { EventMetadata, LogRecord } from '../schema/index.ts';
import { ifErrno, openRunDirectory, readRecords, EVENTS_DIR } from '../store/index.ts';
import { EventFile, parseEventFileName } from './event-file.ts';

const log = getLogger('run/event-recovery', { component: 'adapter' });

/**
 * Records them in the step and attempt that they belong to. For the recovery of a run, in its scope, when its processes have ended
 * and before its scratch directory is removed. A file to which something had happened is left alone: its record says so.
 */
export async function recoverEvents(runDir: string): Promise<void> {
  const directory = join(runDir, EVENTS_DIR);
  const names: string[] = await readdir(directory).catch(ifErrno('ENOENT', []));
  if (names.length === 0) return;
  const recorded = await recordedLines(runDir);
  for (const name of names.sort()) {
    const purpose = parseEventFileName(name);
    if (purpose === null) continue;
    const known = recorded.get(keyOf(purpose)) ?? { line: 0, isContinuous: true };
    if (!known.isContinuous) continue;
    const work = async (): Promise<void> => await recordRest(join(directory, name), known.line);
    if (purpose.step === null) await work();
    else await withStep(purpose.step, { attempt: purpose.attempt }, work);
  }
}

async function recordRest(path: string, recorded: number): Promise<void> {
  const handle = await openPlainFile(path);
  if (handle === null) {
    log.warn('The framework’s file of events was replaced: the new one is not read', {
      event: 'framework_events_problem',
      metadata: { problem: 'replaced', read_bytes: 0, file_bytes: null } satisfies EventMetadata<'framework_events_problem'>,
    });
    return;
  }
  await using events = new EventFile(path, handle, { recorded });
  await events.finish();
}

/** Null for what is no plain file with one name: a link, a pipe or a directory that the framework put there. */
async function openPlainFile(path: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)).catch(ifErrno('ELOOP', null));
  const facts = await handle?.stat();
  if (handle === null || facts === undefined || (facts.isFile() && facts.nlink === 1)) return handle;
  await handle.close();
  return null;
}

interface RecordedLines {
  /** The last line that a record tells of; 0 for none. */
  readonly line: number;
  /** False where the file was not read from its beginning: lines cannot be told apart by their number. */
  readonly isContinuous: boolean;
}

/** By step and attempt. */
async function recordedLines(runDir: string): Promise<Map<string, RecordedLines>> {
  const found = new Map<string, RecordedLines>();
  await using source = await openRunDirectory(runDir, { sealed: null });
  for await (const item of readRecords(source)) {
    if (!('record' in item)) continue;
    const key = keyOf(item.record);
    const { line, isContinuous } = found.get(key) ?? { line: 0, isContinuous: true };
    const next = recordedBy(item.record);
    if (next !== null) found.set(key, { line: Math.max(line, next.line), isContinuous: isContinuous && next.isContinuous });
  }
  return found;
}

function recordedBy({ event, metadata }: LogRecord): RecordedLines | null {
  if (event === 'framework_events_problem') return { line: 0, isContinuous: false };
  if (event !== 'framework_event' && event !== 'framework_event_refused') return null;
  const line = metadata['line'];
  return typeof line === 'number' ? { line, isContinuous: true } : { line: 0, isContinuous: false };
}

function keyOf({ step, attempt }: { step: number | null; attempt?: number | null | undefined }): string {
  return step === null ? 'prepare' : `${step}/${attempt ?? 0}`;
}
