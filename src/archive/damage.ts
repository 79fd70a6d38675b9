import { archiveError } from './errors.ts';

/** What is thrown wherever an archive is not what was written; `member` is the one being read. */
export function damaged(file: { readonly archive: string }, member: string | null, reason: string) {
  return archiveError('ARCHIVE_DAMAGED', { archive: file.archive, member, reason });
}
