import { defineErrors } from '../errors/index.ts';

export const cassetteError = defineErrors({
  CASSETTE_MISSING: (facts: { runId: string; location: string }) => ({
    sentence: `The run ${facts.runId} has no cassette (${facts.location}), so it cannot be replayed.`,
    fix: 'Record a run with `stepwell run <framework> --record`, or pass a run that was recorded. Cassettes are not in git; they are in the archive.',
    exitCode: 2,
  }),
  CASSETTE_UNREADABLE: (facts: { runId: string; location: string; lines: number; reason: string }) => ({
    sentence: `The cassette of the run ${facts.runId} (${facts.location}) cannot be read: none of its ${facts.lines} lines is a recorded exchange; the first is ${facts.reason}.`,
    fix: 'Extract the cassette from the archive (type `tar -xzf run.tar.gz cassette.jsonl` in the run’s directory), or record a new run with --record.',
    exitCode: 2,
  }),
});
