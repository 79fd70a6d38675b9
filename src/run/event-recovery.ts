/** Events that a framework had written when stepwell died, and that no record tells of yet. */
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { getLogger, withStep } from '../log/index.ts';
import type { EventMetadata, LogRecord } from '../schema/index.ts';
import { ifErrno, openRunDirectory, readRecords, EVENTS_DIR } from '../store/index.ts';
import { EventFile, purposeOf } from './event-file.ts';

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
    const purpose = purposeOf(name);
    if (purpose === null) continue;
    const known = recorded.get(keyOf(purpose)) ?? { line: 0, whole: true };
    if (!known.whole) continue;
    const work = async (): Promise<void> => await readRest(join(directory, name), known.line);
    if (purpose.step === null) await work();
    else await withStep(purpose.step, { attempt: purpose.attempt }, work);
  }
}

async function readRest(path: string, recorded: number): Promise<void> {
  const handle = await openOwn(path);
  if (handle === null) {
    log.warn('Something else stands in the place of the framework’s file of events: that is not read', {
      event: 'framework_events_problem',
      metadata: { problem: 'replaced', read_bytes: 0, file_bytes: null } satisfies EventMetadata<'framework_events_problem'>,
    });
    return;
  }
  await using events = new EventFile(path, handle, { recorded });
  await events.finish();
}

/** Null for what is no plain file with one name: a link, a pipe or a directory that the framework put there. */
async function openOwn(path: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)).catch(ifErrno('ELOOP', null));
  const facts = await handle?.stat();
  if (handle === null || facts === undefined || (facts.isFile() && facts.nlink === 1)) return handle;
  await handle.close();
  return null;
}

interface Recorded {
  /** The last line that a record tells of; 0 for none. */
  readonly line: number;
  /** False where the file was not read from its beginning as it stands: lines cannot be told apart by their number. */
  readonly whole: boolean;
}

/** By step and attempt. */
async function recordedLines(runDir: string): Promise<Map<string, Recorded>> {
  const found = new Map<string, Recorded>();
  await using source = await openRunDirectory(runDir, { sealed: null });
  for await (const item of readRecords(source)) {
    if (!('record' in item)) continue;
    const key = keyOf(item.record);
    const { line, whole } = found.get(key) ?? { line: 0, whole: true };
    const told = toldBy(item.record);
    if (told !== null) found.set(key, { line: Math.max(line, told.line), whole: whole && told.whole });
  }
  return found;
}

function toldBy({ event, metadata }: LogRecord): Recorded | null {
  if (event === 'framework_events_problem') return { line: 0, whole: false };
  if (event !== 'framework_event' && event !== 'framework_event_refused') return null;
  const line = metadata['line'];
  return typeof line === 'number' ? { line, whole: true } : { line: 0, whole: false };
}

function keyOf({ step, attempt }: { step: number | null; attempt?: number | null | undefined }): string {
  return step === null ? 'prepare' : `${step}/${attempt ?? 0}`;
}
