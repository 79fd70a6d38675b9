import { defineErrors } from '../errors/index.ts';

export const storeError = defineErrors({
  UNSAFE_NAME: (facts: { kind: string; value: string; reason: string }) => ({
    sentence: `The ${facts.kind} ${JSON.stringify(facts.value.slice(0, 80))} cannot be used as a name: ${facts.reason}.`,
    fix: `Choose a ${facts.kind} of at most 64 letters, digits, dots, underscores or hyphens that starts with a letter or digit.`,
    exitCode: 2,
  }),
  LOCK_HELD: (facts: { path: string; by: string; waitedSeconds: number }) => ({
    sentence: `The lock ${facts.path} is held by ${facts.by}, and was not released within ${facts.waitedSeconds} s.`,
    fix: 'Try again after that process ends. If it ran on another host and is gone, remove the lock file.',
    exitCode: 1,
  }),
  RUN_LIVE: (facts: { runId: string; pid: number; host: string }) => ({
    sentence: `The run ${facts.runId} is being written by process ${facts.pid} on ${facts.host}, which is still running.`,
    fix: 'Wait for it to end, or interrupt that process, then try again.',
    exitCode: 2,
  }),
  RUN_OWNED_BY_OTHER_HOST: (facts: { runId: string; pid: number; host: string }) => ({
    sentence: `The run ${facts.runId} belongs to process ${facts.pid} on the host ${facts.host}, so this host cannot tell whether it is still running.`,
    fix: `Run the command on ${facts.host}, or add --force if you know that the process is gone.`,
    exitCode: 2,
  }),
  NOT_A_RUN: (facts: { path: string; reason: string }) => ({
    sentence: `${facts.path} is not a run: ${facts.reason}.`,
    fix: 'Pass a run directory, a run.tar.gz, or a run id from `stepwell list`.',
    exitCode: 2,
  }),
  RUN_FILE_MISSING: (facts: { path: string; location: string }) => ({
    sentence: `The run ${facts.location} has no file ${facts.path}.`,
    fix: 'List its logs with `stepwell show <run>`.',
    exitCode: 1,
  }),
  RUN_UNREADABLE: (facts: { path: string; reason: string }) => ({
    sentence: `The run cannot be read: ${facts.reason}, at ${facts.path}.`,
    fix: 'Make the path readable, or close other programs if too many files are open.',
    exitCode: 1,
  }),
  RUNS_UNREADABLE: (facts: { path: string; reason: string }) => ({
    sentence: `Runs cannot be read from ${facts.path}: ${facts.reason}.`,
    fix: 'Make it a readable directory, or pass another directory with --runs-dir DIR.',
    exitCode: 2,
  }),
  FOLLOW_POSITION: (facts: { file: string; location: string; offset: number; bytes: number | null }) => ({
    sentence: `Byte ${facts.offset} of ${facts.file} is not the start of a line of the run ${facts.location}, whose file ${facts.bytes === null ? 'does not exist' : `has ${facts.bytes} bytes`}.`,
    fix: 'Follow the file from its start: it was replaced or truncated since that position.',
    exitCode: 1,
  }),
  METADATA_MISSING: (facts: { runDir: string }) => ({
    sentence: `The run ${facts.runDir} has no readable metadata.json, so its record cannot be completed.`,
    fix: 'Restore metadata.json from a copy. Logs can be read without it, with `stepwell logs`.',
    exitCode: 1,
  }),
});
