/** Facts about an archive, as in metadata.json, computed from the archive itself. */
import { basename } from 'node:path';
import { messageOf } from '../errors/index.ts';
import type { ArchiveFacts } from '../schema/index.ts';
import { EXCLUSIONS_FILE } from '../store/index.ts';
import { parseExclusions } from './exclusions.ts';
import { openFile, scannedSource } from './open.ts';
import { damagedError } from './errors.ts';
import { contentsOf } from './format/member.ts';
import { scanArchive } from './format/reader.ts';
import type { ArchiveBytes, ScannedArchive } from './format/reader.ts';

/**
 * Reads the whole archive and returns its facts, as `packRun` did.
 *
 * @throws ARCHIVE_MISSING, ARCHIVE_UNRECOGNIZED, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE
 */
export async function readArchiveFacts(archive: string): Promise<ArchiveFacts> {
  await using file = await openFile(archive);
  return await archiveFacts(file, await scanArchive(file, { tarSha256: true }));
}

export async function archiveFacts(file: ArchiveBytes, scanned: ScannedArchive): Promise<ArchiveFacts> {
  const left = await scannedSource(file, scanned).read(EXCLUSIONS_FILE);
  let leftOut;
  try {
    leftOut = parseExclusions(left?.toString() ?? '');
  } catch (error) {
    throw damagedError(file, EXCLUSIONS_FILE, messageOf(error));
  }
  return {
    name: basename(file.archive),
    bytes: scanned.bytes,
    sha256: scanned.sha256,
    tar_sha256: scanned.tarSha256 ?? '',
    members: scanned.members.length,
    contents: contentsOf(scanned.members),
    ...leftOut,
  };
}
