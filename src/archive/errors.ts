import { defineErrors } from '../errors/index.ts';

export const archiveError = defineErrors({
  ARCHIVE_SEALED: (facts: { archive: string }) => ({
    sentence: `The run is sealed: ${facts.archive} exists and is never overwritten.`,
    fix: 'Check it with `stepwell verify`. To pack the run again, move the archive away first and keep it.',
    exitCode: 1,
  }),
  ARCHIVE_NOT_WRITTEN: (facts: { archive: string; reason: string }) => ({
    sentence: `The archive ${facts.archive} could not be written: ${facts.reason}. No partial file was left behind.`,
    fix: 'Free disk space or grant write permission there, then run `stepwell recover`.',
    exitCode: 1,
  }),
  ARCHIVE_SOURCE: (facts: { path: string; reason: string }) => ({
    sentence: `The archive was not created: ${facts.path} cannot be packed: ${facts.reason}.`,
    fix: 'Restore the file or its permissions, then run `stepwell recover`.',
    exitCode: 1,
  }),
  ARCHIVE_MISSING: (facts: { archive: string; reason: string }) => ({
    sentence: `There is no archive to read at ${facts.archive}: ${facts.reason}.`,
    fix: 'Pass a run directory that contains run.tar.gz, or the archive itself. `stepwell recover` seals a run that ended without one.',
    exitCode: 1,
  }),
  ARCHIVE_UNRECOGNIZED: (facts: { archive: string; reason: string }) => ({
    sentence: `${facts.archive} is not a stepwell archive, or its first bytes are damaged: ${facts.reason}.`,
    fix: 'Compare its SHA-256 with the one in logs_summary.txt. Read an archive of another program with `tar -xzf`.',
    exitCode: 3,
  }),
  ARCHIVE_DAMAGED: (facts: { archive: string; member: string | null; reason: string }) => ({
    sentence: `The archive ${facts.archive} is damaged${facts.member === null ? '' : ` at ${facts.member}`}: ${facts.reason}.`,
    fix: 'Restore the archive from a copy whose SHA-256 matches logs_summary.txt. `stepwell verify` lists every difference.',
    exitCode: 3,
  }),
  ARCHIVE_UNSAFE: (facts: { archive: string; member: string; reason: string }) => ({
    sentence: `The archive ${facts.archive} is refused: its member ${JSON.stringify(facts.member.slice(0, 200))} ${facts.reason}.`,
    fix: 'Do not unpack it: stepwell never writes such a member. Restore the archive from a copy you trust.',
    exitCode: 3,
  }),
});

/** The error for an archive whose content is not what was written; `member` is the one being read. */
export function damagedError(file: { readonly archive: string }, member: string | null, reason: string) {
  return archiveError('ARCHIVE_DAMAGED', { archive: file.archive, member, reason });
}
