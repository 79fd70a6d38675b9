import type { ErrorEntries } from './entry.ts';

export const cassetteErrors = {
  CASSETTE_MISSING: (facts: { runId: string; location: string }) => ({
    sentence: `The run ${facts.runId} has no cassette (${facts.location}), so its exchanges with models cannot be replayed.`,
    fix: 'Record a run with `stepwell run <framework> --record`, or name one that was recorded. Git does not keep cassettes; the archive does.',
    exitCode: 2,
  }),
  CASSETTE_UNREADABLE: (facts: { runId: string; location: string; lines: number; reason: string }) => ({
    sentence: `The cassette of the run ${facts.runId} (${facts.location}) cannot be read: none of its ${facts.lines} lines is an exchange; the first is ${facts.reason}.`,
    fix: 'Take the cassette out of the run’s archive (`tar -xzf run.tar.gz cassette.jsonl`), or record a new run with --record.',
    exitCode: 2,
  }),
  LOOSE_WITHOUT_REPLAY: (facts: { option: string }) => ({
    sentence: `${facts.option} says how a recorded run is replayed, but none is named.`,
    fix: `Add --replay <run>, or leave out ${facts.option}.`,
    exitCode: 2,
  }),
  CASSETTE_OF_ANOTHER_FRAMEWORK: (facts: { runId: string; framework: string; wanted: string }) => ({
    sentence: `The run ${facts.runId} was recorded with the framework ${facts.framework}, so ${facts.wanted} cannot be answered from its cassette.`,
    fix: `Run ${facts.framework}, or name a recorded run of ${facts.wanted}.`,
    exitCode: 2,
  }),
} satisfies ErrorEntries;
