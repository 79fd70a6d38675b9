/**
 * Sealing: the logs up to here are the record; everything else is derived from them, packed, and indexed.
 *
 * Each part is idempotent, so an interrupted sealing is finished by doing what is missing. The archive is written once: as soon
 * as metadata.json names it, it is never written again.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { messageOf } from '../errors/index.ts';
import { packRun } from '../archive/index.ts';
import { describeRun, updateManifest } from '../catalog/index.ts';
import { flushRun, getLogger, runRedactor, syncRun } from '../log/index.ts';
import { redactDeep } from '../secrets/index.ts';
import {
  ExperimentConfig,
  metadataText,
  metricsText,
  type ArchiveFacts,
  type EventMetadata,
  type RunMetadata,
  type RunSummary,
} from '../schema/index.ts';
import {
  COMMIT_FILE,
  CONFIG_FILE,
  LOGS_DIR,
  MANIFEST_FILE,
  METADATA_FILE,
  METRICS_FILE,
  openRunDirectory,
  SUMMARY_FILE,
  writeFileAtomic,
  storeError,
} from '../store/index.ts';
import { computeMetrics, foldRun, readReconciliation, renderText } from '../summary/index.ts';
import { missingClarifications } from './clarifications.ts';
import { loggedError, readMetadata, recordProblems, sealedMetadata } from './metadata.ts';

const log = getLogger('experiment/seal', { component: 'orchestrator' });

/** Logged after sealing, in this order, and so not in the archive. */
const POST_SEAL_EVENTS = ['archive_created', 'summary_written', 'manifest_updated'];

export interface SealResult {
  readonly metadata: RunMetadata;
  /** What could not be done; empty for a complete record. */
  readonly problems: readonly string[];
}

/**
 * Seals a run or finishes its sealing. Call it inside the run's log scope, holding its lease. A failed part becomes a problem in
 * the result and does not stop the other parts.
 *
 * @param known the metadata with which the run began in this process, since the framework could have changed the file
 * @throws METADATA_MISSING
 */
export async function sealRun(runDir: string, known: RunMetadata | null = null): Promise<SealResult> {
  const before = known ?? (await readMetadata(runDir));
  if (before === null) throw storeError('METADATA_MISSING', { runDir });
  const problems: string[] = [];
  /** Runs one part. On failure, adds a problem and returns null. */
  const part = async <T>(name: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      problems.push(`${name}: ${messageOf(error)}`);
      log.error(`Sealing: ${name} failed`, { event: 'seal_problem', error });
      return null;
    }
  };

  flushRun();
  const lost = syncRun() ? [] : ['records were lost, or could not be synced to the disk'];
  // A sealed position without an archive is not final: what was logged since then belongs to the record.
  const files = before.archive === null ? await logSizes(runDir) : (before.sealed?.files ?? {});
  const sealed = { files, logged_after: POST_SEAL_EVENTS };
  const derived = await part('the summary of the logs', async () => await derive(runDir, before, sealed, lost));
  if (derived === null) return { metadata: before, problems: [...lost, ...problems] };
  const { summary, metadata } = derived;

  let archive = before.archive;
  if (archive === null) {
    await part('the derived files', async () => await writeDerived(runDir, summary, metadata));
    archive = await part('the archive', async () => await archiveRun(runDir, metadata));
    if (archive === null) {
      await part(METADATA_FILE, async () => {
        const open: RunMetadata = {
          ...metadata,
          record: 'incomplete',
          record_problems: [...metadata.record_problems, ...problems],
        };
        await writeFileAtomic(join(runDir, METADATA_FILE), metadataText(redactDeep(open, runRedactor())));
      });
    }
  }
  const sealedBy = archive;
  if (sealedBy !== null) {
    await part('the summary', async () => {
      // A run may have been reconciled before its sealing is finished here.
      await writeSummary(runDir, { ...summary, reconciliation: await readReconciliation(runDir) }, sealedBy);
    });
  }
  await part('the manifest', async () => await indexRun(runDir));
  flushRun();
  if (!syncRun()) problems.push('records after sealing were lost, or could not be synced to the disk');
  return { metadata: { ...metadata, archive }, problems: [...metadata.record_problems, ...problems] };
}

async function logSizes(runDir: string): Promise<Record<string, number>> {
  await using source = await openRunDirectory(runDir, { sealed: null });
  return Object.fromEntries((await source.files(LOGS_DIR)).map(({ path, bytes }) => [path, bytes]));
}

async function derive(
  runDir: string,
  before: RunMetadata,
  sealed: NonNullable<RunMetadata['sealed']>,
  lost: readonly string[],
): Promise<{ summary: RunSummary; metadata: RunMetadata }> {
  await using source = await openRunDirectory(runDir, { sealed: sealed.files });
  const summary = await foldRun(source);
  // The archive confirms it already, so it is not derived again.
  if (before.archive !== null) return { summary, metadata: before };
  const error = await loggedError(source);
  const problems = [...recordProblems(summary), ...lost, ...(await missingClarifications(runDir, summary.hitl.count))];
  const metadata = sealedMetadata(before, { summary, error, sealed, problems });
  return { summary, metadata: redactDeep(metadata, runRedactor()) };
}

/** Everything that goes into the archive. */
async function writeDerived(runDir: string, summary: RunSummary, metadata: RunMetadata): Promise<void> {
  await writeFileAtomic(join(runDir, METADATA_FILE), metadataText({ ...metadata, record: 'open' }));
  await writeFileAtomic(join(runDir, COMMIT_FILE), `${metadata.framework_commit}\n`);
  await writeFileAtomic(join(runDir, METRICS_FILE), metricsText(computeMetrics(summary)));
  await writeFileAtomic(join(runDir, SUMMARY_FILE), renderText(summary, null));
}

async function archiveRun(runDir: string, metadata: RunMetadata): Promise<ArchiveFacts> {
  const redactor = runRedactor();
  const archive = await packRun({
    runDir,
    exclude: await excludePatterns(runDir),
    containsSecret: (bytes) => redactor.containsSecret(bytes),
    modifiedAt: new Date(metadata.ended_at ?? metadata.started_at),
    sealed: { files: metadata.sealed?.files ?? {} },
    metadata,
  });
  const { name, bytes, sha256, members, excluded_secrets } = archive;
  log.info(`Archive ${name} created`, {
    event: 'archive_created',
    metadata: {
      archive: name,
      bytes,
      sha256,
      members,
      excluded_secrets: excluded_secrets.length,
    } satisfies EventMetadata<'archive_created'>,
  });
  await writeFileAtomic(join(runDir, METADATA_FILE), metadataText({ ...metadata, archive }));
  return archive;
}

/** The patterns of the run's configuration. */
async function excludePatterns(runDir: string): Promise<readonly string[]> {
  const text = await readFile(join(runDir, CONFIG_FILE), 'utf8');
  return ExperimentConfig.pick({ archive: true }).loose().parse(parse(text)).archive.exclude;
}

async function writeSummary(runDir: string, summary: RunSummary, archive: ArchiveFacts): Promise<void> {
  const text = renderText(summary, archive);
  await writeFileAtomic(join(runDir, SUMMARY_FILE), text);
  log.info('Summary written', {
    event: 'summary_written',
    metadata: { path: SUMMARY_FILE, bytes: Buffer.byteLength(text) } satisfies EventMetadata<'summary_written'>,
  });
}

async function indexRun(runDir: string): Promise<void> {
  const runsDir = dirname(dirname(runDir));
  const path = relative(runsDir, runDir).split(sep).join('/');
  await updateManifest(runsDir, await describeRun(runsDir, path));
  log.info('Manifest updated', {
    event: 'manifest_updated',
    metadata: { path: MANIFEST_FILE } satisfies EventMetadata<'manifest_updated'>,
  });
}
