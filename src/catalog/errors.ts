import { defineErrors } from '../errors/index.ts';

const indented = (lines: readonly string[]): string => lines.map((line) => `\n  ${line}`).join('');

export const catalogError = defineErrors({
  RUN_WITHOUT_LOGS: (facts: { dir: string }) => ({
    sentence: `${facts.dir} has neither logs nor an archive; git keeps neither.`,
    fix: 'Copy its run.tar.gz there from the machine that ran it. Its logs_summary.txt can be read as it is.',
    exitCode: 2,
  }),
  RUN_TOO_NEW: (facts: { location: string; version: string; known: string; writer: string | null }) => ({
    sentence: `${facts.location} has format version ${facts.version}, which is newer than ${facts.known}, the one that this stepwell reads.`,
    fix: `Read it with stepwell ${facts.writer ?? 'in a newer version'}, which wrote it, or a later one.`,
    exitCode: 2,
  }),
  RUN_TOO_OLD: (facts: { location: string; version: string; known: string; writer: string | null }) => ({
    sentence: `${facts.location} has format version ${facts.version}, which is older than ${facts.known}, the one that this stepwell reads.`,
    fix: `Read it with stepwell ${facts.writer ?? 'in an older version'}, which wrote it. Its logs are JSON lines that every tool reads.`,
    exitCode: 2,
  }),
  RUN_FORMAT_UNKNOWN: (facts: { location: string; version: string }) => ({
    sentence: `metadata.json of ${facts.location} has the format version ${JSON.stringify(facts.version)}, which is not a valid version.`,
    fix: 'Restore the file, for example from the copy in its run.tar.gz: tar -xzf run.tar.gz metadata.json.',
    exitCode: 2,
  }),
  RUN_NOT_SEALED: (facts: { run: string; state: 'live' | 'elsewhere' | 'crashed' }) => ({
    sentence: `The run ${facts.run} is not sealed yet: ${
      { live: 'it is still running', elsewhere: 'another host is running it', crashed: 'its process is gone' }[facts.state]
    }.`,
    fix: facts.state === 'crashed' ? `Finish its record with \`stepwell recover ${facts.run}\`.` : 'Try again when it has ended.',
    exitCode: 2,
  }),
  INDEX_TOO_NEW: (facts: { file: string; version: string; known: string }) => ({
    sentence: `The index ${facts.file} has version ${facts.version}, which is newer than ${facts.known}, the one that this stepwell writes. It was left as it is.`,
    fix: 'Use the newer stepwell for these runs, or move the file away: it is rebuilt from the run directories.',
    exitCode: 1,
  }),
  RUN_NOT_FOUND: (facts: { wanted: string; runsDir: string; candidates: readonly string[] }) => ({
    sentence: `No run in ${facts.runsDir} is called ${JSON.stringify(facts.wanted)}.`,
    fix: `Name a run by its first characters, its last four, or \`latest\`. The newest:${indented(facts.candidates)}`,
    exitCode: 2,
  }),
  RUN_AMBIGUOUS: (facts: { wanted: string; candidates: readonly string[] }) => ({
    sentence: `${JSON.stringify(facts.wanted)} names more than one run.`,
    fix: `Type more of the name, or its last four characters:${indented(facts.candidates)}`,
    exitCode: 2,
  }),
  NO_RUNS: (facts: { runsDir: string }) => ({
    sentence: `There are no runs in ${facts.runsDir}.`,
    fix: 'Start one with `stepwell run <framework>`, or name another place with --runs-dir DIR.',
    exitCode: 2,
  }),
});
