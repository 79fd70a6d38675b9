/** The recorded run that a replay answers from. */
import { readCassette, type Cassette } from '../cassette.ts';
import { findRun, openRun, catalogError } from '../catalog.ts';
import { RunMetadata } from '../schema.ts';
import { METADATA_FILE, storeError } from '../store.ts';

export interface RecordedRun {
  readonly runId: string;
  readonly framework: string;
  readonly model: string;
  readonly cassette: Cassette;
}

/**
 * Finds the run and reads its cassette, from its directory or its archive.
 *
 * @param name as `findRun` takes it
 * @throws RUN_NOT_FOUND and the like, RUN_NOT_SEALED while it is still running, METADATA_MISSING, CASSETTE_MISSING, CASSETTE_UNREADABLE
 */
export async function readRecordedRun(runsDir: string, name: string): Promise<RecordedRun> {
  const found = await findRun(runsDir, name);
  if (found.kind === 'directory' && (found.state === 'live' || found.state === 'elsewhere')) {
    throw catalogError('RUN_NOT_SEALED', { run: found.entry.run_id, state: found.state });
  }
  await using source = await openRun(found);
  const metadata = metadataOf((await source.read(METADATA_FILE))?.toString('utf8') ?? '');
  if (metadata === null) throw storeError('METADATA_MISSING', { runDir: source.location });
  const { run_id: runId, framework, model } = metadata;
  return { runId, framework, model, cassette: await readCassette(source, runId) };
}

function metadataOf(text: string): RunMetadata | null {
  try {
    return RunMetadata.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
