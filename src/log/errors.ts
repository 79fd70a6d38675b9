import { defineErrors } from '../errors/index.ts';

export const logError = defineErrors({
  LOGS_DIR_INVALID: (facts: { value: unknown }) => ({
    sentence: `The logs directory ${shown(facts.value)} of a run is not a path.`,
    fix: 'Give `logsDir` as a non-empty string, such as `runs/baes/abc123/logs`.',
    exitCode: 1,
  }),
  STEP_NUMBER_INVALID: (facts: { what: 'step' | 'attempt'; value: unknown }) => ({
    sentence: `${shown(facts.value)} is not ${facts.what === 'step' ? 'a step' : 'an attempt'}.`,
    fix: `Give the ${facts.what} as a whole number, ${facts.what === 'step' ? '0' : '1'} or more.`,
    exitCode: 1,
  }),
  STEP_OUTSIDE_RUN: (facts: { step: number }) => ({
    sentence: `Step ${facts.step} was started outside of a run, so there is no directory for its log.`,
    fix: 'Start it inside `withRun(…)`, or after `LogContext.getInstance().setRunContext(…)`.',
    exitCode: 1,
  }),
});

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80);
}
