import { defineErrors } from '../errors/index.ts';

export const reconcileError = defineErrors({
  RECONCILE_CONFIG: (facts: { file: string; reason: string }) => ({
    sentence: `The configuration of the run cannot be read: ${facts.file}: ${facts.reason}.`,
    fix: 'Restore config.yaml from the archive: type `tar -xzf run.tar.gz config.yaml` in the run’s directory.',
    exitCode: 1,
  }),
  RECONCILE_NO_FRAMEWORK: (facts: { framework: string; runsDir: string; known: readonly string[] }) => ({
    sentence: `There are no runs of ${JSON.stringify(facts.framework)} in ${facts.runsDir}.`,
    fix:
      facts.known.length === 0
        ? 'Name the directory of the runs with --runs-dir.'
        : `Name one of the frameworks that have runs there: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  RECONCILE_ARCHIVE: (facts: { archive: string }) => ({
    sentence: `${facts.archive} is an archive; the results of a reconciliation are written next to the run's other files.`,
    fix: 'Name the run directory. If you only have the archive, unpack it into runs/<framework>/<run_id> and put the archive next to the files.',
    exitCode: 2,
  }),
  RECONCILE_NOT_RECORDED: (facts: { file: string }) => ({
    sentence: `The attempt could not be written to ${facts.file}, so nothing else was changed.`,
    fix: 'Free some disk space or grant write permission there, and try again.',
    exitCode: 1,
  }),
});
