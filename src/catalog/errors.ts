import { defineErrors } from '../errors/index.ts';

const indented = (lines: readonly string[]): string => lines.map((line) => `\n  ${line}`).join('');

export const catalogError = defineErrors({
  RUN_WITHOUT_LOGS: (facts: { dir: string }) => ({
    sentence: `${facts.dir} has neither logs nor an archive; neither is kept in git.`,
    fix: 'Copy its run.tar.gz there from the machine that ran it. You can still read its logs_summary.txt.',
    exitCode: 2,
  }),
  RUN_TOO_NEW: (facts: { location: string; version: string; known: string; writer: string | null }) => ({
    sentence: `${facts.location} has format version ${facts.version}, which is newer than ${facts.known}, the version this stepwell reads.`,
    fix: `Read it with stepwell ${facts.writer ?? 'in a newer version'}, which wrote it, or a later one.`,
    exitCode: 2,
  }),
  RUN_TOO_OLD: (facts: { location: string; version: string; known: string; writer: string | null }) => ({
    sentence: `${facts.location} has format version ${facts.version}, which is older than ${facts.known}, the version this stepwell reads.`,
    fix: `Read it with stepwell ${facts.writer ?? 'in an older version'}, which wrote it. Its logs are plain JSON lines that any tool can read.`,
    exitCode: 2,
  }),
  RUN_FORMAT_UNKNOWN: (facts: { location: string; version: string }) => ({
    sentence: `metadata.json of ${facts.location} has the format version ${JSON.stringify(facts.version)}, which is not a valid version.`,
    fix: 'Restore the file, for example from the archive: type `tar -xzf run.tar.gz metadata.json` in the run’s directory.',
    exitCode: 2,
  }),
  RUN_NOT_SEALED: (facts: { run: string; state: 'live' | 'elsewhere' | 'crashed' }) => ({
    sentence: `The run ${facts.run} is not sealed: ${
      { live: 'it is still running', elsewhere: 'another host is running it', crashed: 'its process is gone' }[facts.state]
    }.`,
    fix:
      facts.state === 'crashed'
        ? `Run \`stepwell recover ${facts.run}\` to complete its record.`
        : 'Try again when it has ended.',
    exitCode: 2,
  }),
  INDEX_TOO_NEW: (facts: { file: string; version: string; known: string }) => ({
    sentence: `The index ${facts.file} has version ${facts.version}, which is newer than ${facts.known}, the version this stepwell writes. It was not changed.`,
    fix: 'Use the newer stepwell for these runs, or move the file elsewhere: it is rebuilt from the run directories.',
    exitCode: 1,
  }),
  RUN_NOT_FOUND: (facts: { name: string; runsDir: string; candidates: readonly string[] }) => ({
    sentence: `No run in ${facts.runsDir} matches ${JSON.stringify(facts.name)}.`,
    fix: `Give the first characters of a run id, its last four, or \`latest\`. Newest runs:${indented(facts.candidates)}`,
    exitCode: 2,
  }),
  RUN_AMBIGUOUS: (facts: { name: string; candidates: readonly string[] }) => ({
    sentence: `${JSON.stringify(facts.name)} matches more than one run.`,
    fix: `Type more characters, or the last four of the run id:${indented(facts.candidates)}`,
    exitCode: 2,
  }),
  NO_RUNS: (facts: { runsDir: string }) => ({
    sentence: `There are no runs in ${facts.runsDir}.`,
    fix: 'Start one with `stepwell run <framework>`, or pass another directory with --runs-dir DIR.',
    exitCode: 2,
  }),
});
