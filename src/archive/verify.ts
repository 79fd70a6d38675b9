/** Checks a sealed run: everything printed or recorded about it is computed again from the logs inside its archive. */
import { isUtf8 } from 'node:buffer';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { StepwellError } from '../errors/index.ts';
import { FORMAT_VERSION, RUN_ID, type ArchiveFacts, type RunSummary } from '../schema/index.ts';
import {
  ARCHIVE_FILE,
  CHECKSUMS_FILE,
  COMMIT_FILE,
  CONFIG_FILE,
  HITL_FILE,
  LOGS_DIR,
  METADATA_FILE,
  METRICS_FILE,
  openLocalFile,
  readWholeFile,
  RECONCILIATION_LOG,
  sha256Of,
  SUMMARY_FILE,
} from '../store/index.ts';
import type { RunSource } from '../store/index.ts';
import { renderText } from '../summary/index.ts';
import { archiveFacts } from './archive-facts.ts';
import { openFile, scannedSource } from './open.ts';
import { scanArchive } from './format/reader.ts';
import type { ArchiveBytes, ScannedArchive } from './format/reader.ts';
import { checkPostSealRecords } from './verify/post-seal.ts';
import { checkDisk } from './verify/disk.ts';
import { checkHitl } from './verify/hitl.ts';
import { checkMembers } from './verify/members.ts';
import { checkAgainstArchive, checkAgainstLogs, parseMetadata } from './verify/metadata.ts';
import { compareMetrics } from './verify/metrics.ts';
import { checkReconciliation } from './verify/reconciliation.ts';
import { foldArchive } from './verify/records.ts';
import { Differences } from './verify/report.ts';
import type { VerifyReport } from './verify/report.ts';
import { checkSealedSummary, compareSummary, withArchiveOf } from './verify/summary-text.ts';
import { archiveError } from './errors.ts';

/**
 * Checks a sealed run against everything that can be computed again: the archive byte by byte, and metadata, metrics and summary
 * from the logs inside. Differences are items of the report, never errors; so is a damaged archive.
 *
 * @param path of a run directory or of an archive alone
 * @throws StepwellError with ARCHIVE_MISSING when there is no archive and none is recorded: the run is not sealed, so nothing can
 *   be verified; RUN_UNREADABLE when the archive cannot be read
 * @example const { ok, items } = await verifyRun('runs/baseline/20261122-141503-k3f9');
 */
export async function verifyRun(path: string): Promise<VerifyReport> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) throw archiveError('ARCHIVE_MISSING', { archive: path, reason: 'there is no such file or directory' });
  const differences = new Differences();
  const runDir = stats.isDirectory() ? path : null;
  const archive = runDir === null ? path : join(runDir, ARCHIVE_FILE);
  const metadataText = runDir === null ? null : await textOf(join(runDir, METADATA_FILE));

  try {
    await using file = await openFile(archive);
    await checkArchive(differences, file, { runDir, metadataText });
  } catch (error) {
    if (!(error instanceof StepwellError) || error.code !== 'ARCHIVE_MISSING') throw error;
    if (metadataText === null || !recordsArchive(metadataText)) throw error;
    differences.add(ARCHIVE_FILE, `recorded in ${METADATA_FILE}`, error.message);
  }
  return report(path, differences);
}

function report(location: string, differences: Differences): VerifyReport {
  const { items, notes, checked } = differences;
  return { ok: items.length === 0, location, items, notes, checked };
}

interface RunContext {
  readonly runDir: string | null;
  readonly metadataText: string | null;
}

async function checkArchive(differences: Differences, file: ArchiveBytes, { runDir, metadataText }: RunContext): Promise<void> {
  const metadata = metadataText === null ? null : parseMetadata(differences, METADATA_FILE, metadataText);
  if (runDir !== null && metadataText === null) differences.add(METADATA_FILE, 'in the run directory', 'missing');

  let scanned: ScannedArchive;
  let facts: ArchiveFacts;
  try {
    scanned = await scanArchive(file, { tarSha256: true });
    facts = await archiveFacts(file, scanned);
  } catch (error) {
    // A read error says nothing about the content.
    if (!(error instanceof StepwellError) || error.code === 'RUN_UNREADABLE') throw error;
    differences.add(`${ARCHIVE_FILE} content`, 'an intact archive', error.message);
    const recorded = metadata?.archive ?? null;
    if (recorded !== null) differences.compare(`${ARCHIVE_FILE} sha256`, recorded.sha256, await sha256Of(file.source));
    return;
  }
  const source = scannedSource(file, scanned);
  const read = async (path: string): Promise<string | null> => (await source.read(path))?.toString('utf8') ?? null;
  checkMembers(differences, scanned.members, await read(CHECKSUMS_FILE));
  const folded = await foldArchive(differences, source);
  const { summary, hitl } = folded;
  checkHitl(differences, await read(HITL_FILE), hitl);
  const copy = await read(METADATA_FILE);
  const copied = copy === null ? null : parseMetadata(differences, `${METADATA_FILE} in the archive`, copy);
  const version = copied?.format_version ?? FORMAT_VERSION;
  const sealedText = await read(SUMMARY_FILE);
  checkSealedSummary(differences, sealedText, renderText(summary, null), version);
  compareMetrics(differences, `${METRICS_FILE} in the archive`, await read(METRICS_FILE), { summary, version });
  await checkCopies(differences, source, summary, scanned);

  const logFiles = await source.files(LOGS_DIR);
  if (copied !== null) checkAgainstLogs(differences, `${METADATA_FILE} in the archive`, copied, folded, logFiles);
  if (runDir === null) return;

  checkDirectoryName(differences, runDir, summary);
  const reconciled = await checkReconciliation(differences, runDir, metadata?.reconciliation ?? null, {
    runId: summary.run_id,
    sealedBytes: logFiles.find(({ path }) => path === RECONCILIATION_LOG)?.bytes ?? 0,
  });
  const reconciliation = reconciled?.confirmed ?? null;
  if (metadataText !== null) checkAgainstArchive(differences, metadataText, copy, { facts, reconciliation });
  if (metadata !== null && copied === null) checkAgainstLogs(differences, METADATA_FILE, metadata, folded, logFiles);
  const now: RunSummary = { ...summary, reconciliation: reconciled?.summary ?? null };
  const rendered = renderText(now, facts);
  // Each reconciliation attempt rewrites both, with the wording and format version of its stepwell.
  const isAsSealed = reconciled === null && version !== FORMAT_VERSION && sealedText !== null;
  await checkSummaryOnDisk(differences, runDir, isAsSealed ? withArchiveOf(sealedText, rendered) : rendered);
  compareMetrics(differences, METRICS_FILE, await textOf(join(runDir, METRICS_FILE)), {
    summary: now,
    version: reconciled === null ? version : FORMAT_VERSION,
  });
  await checkDisk(differences, runDir, scanned.members, reconciled === null ? [] : [METRICS_FILE]);
  await checkPostSealRecords(differences, runDir, scanned.members, facts);
}

/** commit.txt and config.yaml, of which the logs recorded the content or its digest. */
async function checkCopies(
  differences: Differences,
  source: RunSource,
  summary: RunSummary,
  { members }: ScannedArchive,
): Promise<void> {
  const commit = (await source.read(COMMIT_FILE))?.toString('utf8') ?? null;
  differences.compare(COMMIT_FILE, commit ?? 'missing', `${summary.framework_commit ?? 'unknown'}\n`);
  const recorded = summary.configuration?.config_sha256 ?? null;
  const config = members.find(({ path }) => path === CONFIG_FILE)?.sha256 ?? 'missing';
  if (recorded !== null) differences.compare(`${CONFIG_FILE} sha256`, recorded, config);
}

async function checkSummaryOnDisk(differences: Differences, runDir: string, expected: string): Promise<void> {
  const text = await textOf(join(runDir, SUMMARY_FILE));
  if (text === null) differences.add(SUMMARY_FILE, 'in the run directory', 'missing');
  else compareSummary(differences, SUMMARY_FILE, text, expected);
}

/** Detects a run directory under the name of another run. */
function checkDirectoryName(differences: Differences, runDir: string, summary: RunSummary): void {
  const name = basename(resolve(runDir));
  // A copy under a name that is not a run id is fine.
  if (RUN_ID.test(name) && summary.run_id !== null) differences.compare('name of the run directory', name, summary.run_id);
}

function recordsArchive(metadataText: string): boolean {
  try {
    return (JSON.parse(metadataText) as { archive: unknown }).archive !== null;
  } catch {
    // Broken metadata beside a missing archive: the record was there and is damaged.
    return true;
  }
}

/**
 * Null when there is no such file. Bytes that are no UTF-8 stay visible as such: replaced silently, they could equal a text that
 * has the mark itself.
 */
async function textOf(path: string): Promise<string | null> {
  await using file = await openLocalFile(path).catch(() => null);
  if (file === null) return null;
  const data = await readWholeFile(file, path);
  return isUtf8(data) ? data.toString('utf8') : data.toString('latin1');
}
