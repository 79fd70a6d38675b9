import type { ErrorEntries } from './entry.ts';

export const runErrors = {
  LOCK_HELD: (facts: { path: string; by: string; waitedSeconds: number }) => ({
    sentence: `The lock ${facts.path} is held by ${facts.by}, and was not freed within ${facts.waitedSeconds} s.`,
    fix: 'Try again when that process has ended; when it is on another host and gone, remove the lock file.',
    exitCode: 1,
  }),
  RUN_LIVE: (facts: { runId: string; pid: number; host: string }) => ({
    sentence: `The run ${facts.runId} is being written by process ${facts.pid} on ${facts.host}, which is alive.`,
    fix: 'Wait for it to end, or interrupt that process; then try again.',
    exitCode: 2,
  }),
  RUN_FOREIGN: (facts: { runId: string; pid: number; host: string }) => ({
    sentence: `The run ${facts.runId} belongs to process ${facts.pid} on the host ${facts.host}, which cannot be seen from here.`,
    fix: `Run the command on ${facts.host}, or add --force when you know that the process is gone.`,
    exitCode: 2,
  }),
  METADATA_MISSING: (facts: { runDir: string }) => ({
    sentence: `The run ${facts.runDir} has no metadata.json that can be read, so its record cannot be completed.`,
    fix: 'Restore metadata.json from a copy; its logs can be read without it: `stepwell logs`.',
    exitCode: 1,
  }),
  CHECKS_FAILED: (facts: { findings: readonly { what: string; fix: string }[] }) => ({
    sentence:
      facts.findings.length === 1
        ? `A check failed, so nothing was started: ${facts.findings[0]?.what ?? ''}`
        : `${facts.findings.length} checks failed, so nothing was started:\n${facts.findings.map((found) => `  - ${found.what}`).join('\n')}`,
    fix: facts.findings.map((found) => found.fix).join('\n'),
    exitCode: 2,
  }),
  UNKNOWN_FRAMEWORK: (facts: { wanted: string; known: readonly string[]; suggestion: string | null }) => ({
    sentence: `The configuration has no framework ${JSON.stringify(facts.wanted)}.`,
    fix:
      facts.suggestion === null
        ? `Name one of: ${facts.known.join(', ') || '(none is configured)'}.`
        : `Did you mean ${facts.suggestion}? Configured: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  NOTHING_TO_RUN: (facts: { reason: string; fix: string }) => ({
    sentence: `There is nothing to run: ${facts.reason}.`,
    fix: facts.fix,
    exitCode: 2,
  }),
  BAD_COUNT: (facts: { name: string; value: unknown; atLeast: number }) => ({
    sentence: `${facts.name} is ${String(facts.value)}, but must be a whole number of at least ${facts.atLeast}.`,
    fix: `Give ${facts.name} as a number, for example ${Math.max(1, facts.atLeast)}.`,
    exitCode: 2,
  }),
  RECORD_OF_REPLAY: (facts: { run: string }) => ({
    sentence: `Recording and replaying exclude each other: what the replay of ${facts.run} answers is on its cassette already.`,
    fix: 'Leave out one of --record and --replay.',
    exitCode: 2,
  }),
  NO_HITL_TEXT: (facts: { step: number; query: string }) => ({
    sentence: `In step ${facts.step} the framework asked for a clarification (${JSON.stringify(facts.query.slice(0, 200))}), but no answer is configured.`,
    fix: 'Set hitl_path in the configuration to a file that holds the fixed answer.',
    exitCode: 2,
  }),
} satisfies ErrorEntries;
