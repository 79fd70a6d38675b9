/** What metadata.json says of an archive, taken from the archive itself. */
import { basename } from 'node:path';
import { messageOf } from '../errors/index.ts';
import type { ArchiveFacts } from '../schema/index.ts';
import { LEFT_OUT_FILE } from '../store/index.ts';
import { parseLeftOut } from './exclusions.ts';
import { openFile, scannedSource } from './open.ts';
import { damaged } from './errors.ts';
import { contentsOf } from './format/member.ts';
import { scanArchive } from './format/reader.ts';
import type { ArchiveBytes, ScannedArchive } from './format/reader.ts';

/**
 * Reads the archive through and returns its facts, as `packRun` returned them.
 *
 * @throws ARCHIVE_MISSING, ARCHIVE_FOREIGN, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE
 */
export async function readArchiveFacts(archive: string): Promise<ArchiveFacts> {
  await using file = await openFile(archive);
  return await factsOf(file, await scanArchive(file, { tarSha256: true }));
}

export async function factsOf(file: ArchiveBytes, scanned: ScannedArchive): Promise<ArchiveFacts> {
  const left = await scannedSource(file, scanned).read(LEFT_OUT_FILE);
  let leftOut;
  try {
    leftOut = parseLeftOut(left?.toString() ?? '');
  } catch (error) {
    throw damaged(file, LEFT_OUT_FILE, messageOf(error));
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
