/** Checks across keys, which no schema can express: backoff, budgets, reconciliation times, placeholders of HTTP checks. */
import { createHash } from 'node:crypto';
import type { ExperimentConfig, HttpCheck, OwnValidation, ValidationConfig } from '../schema/index.ts';
import type { Report } from './file/document.ts';
import { showPath, type KeyPath } from './errors.ts';
import { didYouMean } from './suggest.ts';

const MAX_PAUSE_SECONDS = 86_400;

export function checkBackoff(retries: ExperimentConfig['retries'], report: Report): void {
  const longest = retries.initial_backoff_seconds * retries.backoff_multiplier ** Math.max(0, retries.max_retries - 1);
  if (longest <= MAX_PAUSE_SECONDS) return;
  const predicate = `would make the last pause ${longest.toPrecision(3)} seconds long`;
  report.problem(['retries'], predicate, 'Lower max_retries or backoff_multiplier until it is at most a day (86400 seconds).');
}

/** Calls that bypass the proxy are not metered, so no budget limits them. */
export function warnOfUnmetered(
  budgets: ExperimentConfig['budgets'],
  endpoints: ReadonlyMap<string, unknown>,
  report: Report,
): void {
  if (Object.keys(budgets.run).length + Object.keys(budgets.experiment).length === 0) return;
  for (const [name, endpoint] of endpoints) {
    if (endpoint === null)
      report.warning(['frameworks', name], 'has no endpoint, so its calls are not metered and no budget limits them');
  }
}

/** Rehearsals and replays cost nothing, so a cost limit is never reached. */
export function warnOfCostLimits(budgets: ExperimentConfig['budgets'], report: Report): void {
  for (const scope of ['run', 'experiment'] as const) {
    if (budgets[scope].max_cost_usd === undefined) continue;
    report.warning(['budgets', scope, 'max_cost_usd'], 'has no effect here: a rehearsal or a replay costs nothing');
  }
}

/** Warns when the time limit is too short for the required readings, so that no run could be verified. */
export function warnOfShortWaiting(settings: ExperimentConfig['reconciliation'], report: Report): void {
  const { required_readings: readings, interval_minutes, min_age_minutes, max_age_hours } = settings;
  if (min_age_minutes + (readings - 1) * interval_minutes <= max_age_hours * 60) return;
  const what = readings === 1 ? `a run is ${min_age_minutes} minutes old` : `a run has ${readings} valid readings`;
  report.warning(['reconciliation', 'max_age_hours'], `is ${max_age_hours}: waiting ends before ${what}`);
}

/** A section given by the framework replaces the experiment's section as a whole. */
export function checksOf(common: ValidationConfig, own: OwnValidation = {}): ValidationConfig {
  const { artifacts = common.artifacts, app = common.app, http = common.http } = own;
  return { artifacts, ...(app === undefined ? {} : { app }), http };
}

const DIGITS = 8;

/**
 * Eight digits that are the same for the same checks, however they are written: the order of keys does not matter, that of
 * the checks does.
 */
export function checksDigest(checks: ValidationConfig): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(checks)))
    .digest('hex')
    .slice(0, DIGITS);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, sortKeys(child)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names that are always defined. */
const PREDEFINED = ['unique', 'step'];

/** Checks the experiment's HTTP checks and those of each framework. @param frameworks undefined when they cannot be read */
export function checkHttpChecks(
  common: ValidationConfig,
  frameworks: ExperimentConfig['frameworks'] | undefined,
  report: Report,
): void {
  checkPlaceholders(common.http, ['validation', 'http'], report);
  for (const [name, { validation: own }] of Object.entries(frameworks ?? {})) {
    const path = ['frameworks', name, 'validation'];
    if (own?.http !== undefined) checkPlaceholders(own.http, [...path, 'http'], report);
    const { app, http } = checksOf(common, own);
    if (http.length === 0 || app !== undefined) continue;
    if (own?.http === undefined) {
      const predicate = 'has checks, but validation.app does not say how the service is started';
      report.problem(['validation', 'http'], predicate, 'Add validation.app.command.');
    } else {
      const predicate = `has checks, but neither ${showPath(path)}.app nor validation.app says how the service is started`;
      report.problem([...path, 'http'], predicate, `Add ${showPath(path)}.app.command.`);
    }
  }
}

function checkPlaceholders(checks: readonly HttpCheck[], place: KeyPath, report: Report): void {
  const saved = new Set(PREDEFINED);
  for (const [index, check] of checks.entries()) {
    const path = [...place, index];
    if (check.until_step !== undefined && check.until_step < check.from_step) {
      report.problem(
        [...path, 'until_step'],
        `is ${check.until_step}, before from_step ${check.from_step}`,
        'Make it at least from_step.',
      );
    }
    for (const name of new Set(placeholdersOf(check))) {
      if (saved.has(name)) continue;
      const fix = `${didYouMean(name, saved)}Save it in an earlier check: save: { ${name}: id }.`;
      report.problem(path, `uses {{${name}}}, which no earlier check saves`, fix);
    }
    for (const name of Object.keys(check.save)) {
      if (/^\w+$/.test(name) && !PREDEFINED.includes(name)) saved.add(name);
      else
        report.problem(
          [...path, 'save', name],
          'cannot be used as a name',
          `Choose letters, digits and underscores, not ${PREDEFINED.join(' or ')}.`,
          'key',
        );
    }
  }
}

function placeholdersOf(check: HttpCheck): string[] {
  const text = JSON.stringify([check.path, check.headers, check.body ?? null, check.expect.json ?? null]);
  return [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1]!);
}
