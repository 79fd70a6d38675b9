/**
 * What no schema says: names, ids, files, pauses. They look at the written data itself, so that they also speak when
 * another part of the file has a wrong shape and everything is reported at once.
 */
import type { ExperimentConfig } from '../schema.ts';
import { unsafeNameReason } from '../store.ts';
import type { KeyPath } from './problem.ts';
import type { Report } from './report.ts';
import { readTextFile } from './text-file.ts';
import type { TextFile } from './text-file.ts';

const LONGEST_PAUSE_SECONDS = 86_400;

export function checkFrameworkNames(written: unknown, report: Report): void {
  const frameworks = entryOf(written, 'frameworks');
  if (typeof frameworks !== 'object' || frameworks === null || Array.isArray(frameworks)) return;
  const names = Object.keys(frameworks);
  if (names.length === 0) report.problem(['frameworks'], 'names no framework', 'Add one, such as baseline: {}.');
  for (const name of names) {
    const reason = name === 'all' ? 'it stands for all of them on the command line' : unsafeNameReason(name);
    if (reason === null) continue;
    const fix = 'Choose letters, digits, dots, underscores and hyphens; it becomes the name of a directory.';
    report.problem(['frameworks', name], `cannot be used as a name: ${reason}`, fix, 'key');
  }
}

export function checkStepIds(written: unknown, report: Report): void {
  const first = new Map<unknown, number>();
  for (const [index, step] of stepsOf(written)) {
    const id = entryOf(step, 'id');
    if (typeof id !== 'number') continue;
    const other = first.get(id);
    if (other === undefined) first.set(id, index);
    else
      report.problem(
        ['steps', index, 'id'],
        `is ${id}, which is also the id of steps[${other}]`,
        'Give each step an id of its own.',
      );
  }
}

/** The prompts of all steps, disabled ones too: a file is right or wrong as a whole. By position in the list. */
export function readPrompts(written: unknown, directory: string, report: Report): ReadonlyMap<number, TextFile> {
  const prompts = new Map<number, TextFile>();
  for (const [index, step] of stepsOf(written)) {
    const text = readText(['steps', index, 'prompt_file'], entryOf(step, 'prompt_file'), directory, report);
    if (text !== null) prompts.set(index, text);
  }
  return prompts;
}

export function readHitl(written: unknown, directory: string, report: Report): TextFile | null {
  return readText(['hitl_path'], entryOf(written, 'hitl_path'), directory, report);
}

export function checkBackoff(retries: ExperimentConfig['retries'], report: Report): void {
  const longest = retries.initial_backoff_seconds * retries.backoff_multiplier ** Math.max(0, retries.max_retries - 1);
  if (longest <= LONGEST_PAUSE_SECONDS) return;
  const says = `would make the last pause ${longest.toPrecision(3)} seconds long`;
  report.problem(['retries'], says, 'Lower max_retries or backoff_multiplier until it is at most a day (86400 seconds).');
}

/** Where no model is named, the rehearsal would answer in the place of any endpoint. */
export function refuseEndpoints({ endpoint, frameworks = {} }: Partial<ExperimentConfig>, report: Report): void {
  const fix = 'Add model: with a name that the endpoint knows, or model: rehearsal to go without the endpoint.';
  const refuse = (path: KeyPath): void => report.problem(path, 'is given, but no model to ask it for', fix);
  const all = Object.entries(frameworks);
  if (endpoint !== undefined && all.every(([, { model }]) => model === undefined)) refuse(['endpoint']);
  for (const [name, settings] of all) {
    if (settings.endpoint !== undefined && settings.model === undefined) refuse(['frameworks', name, 'endpoint']);
  }
}

/** Calls that do not go through the proxy are not seen, and so not limited. */
export function warnOfUnlimited(
  budgets: ExperimentConfig['budgets'],
  endpoints: ReadonlyMap<string, unknown>,
  report: Report,
): void {
  if (Object.keys(budgets.run).length + Object.keys(budgets.experiment).length === 0) return;
  for (const [name, endpoint] of endpoints) {
    if (endpoint === null)
      report.warning(['frameworks', name], 'has no endpoint, so its calls are not seen and no budget limits them');
  }
}

/** Where nothing costs, such a limit is never reached. */
export function warnOfCostLimits(budgets: ExperimentConfig['budgets'], report: Report): void {
  for (const scope of ['run', 'experiment'] as const) {
    if (budgets[scope].max_cost_usd === undefined) continue;
    report.warning(['budgets', scope, 'max_cost_usd'], 'limits nothing here: neither a rehearsal nor a replay costs anything');
  }
}

/** A run that the waiting ends for too early is never verified. */
export function warnOfShortWaiting(settings: ExperimentConfig['reconciliation'], report: Report): void {
  const { required_readings: readings, interval_minutes, min_age_minutes, max_age_hours } = settings;
  if (min_age_minutes + (readings - 1) * interval_minutes <= max_age_hours * 60) return;
  const what = readings === 1 ? `a run is ${min_age_minutes} minutes old` : `a run has ${readings} readings that count`;
  report.warning(['reconciliation', 'max_age_hours'], `is ${max_age_hours}: the waiting ends before ${what}`);
}

function readText(path: KeyPath, file: unknown, directory: string, report: Report): TextFile | null {
  if (typeof file !== 'string' || file === '') return null;
  const result = readTextFile(file, directory);
  if ('text' in result) return result.text;
  report.problem(path, `is ${JSON.stringify(file)}, which ${result.problem}`, result.fix);
  return null;
}

function stepsOf(written: unknown): [number, unknown][] {
  const steps = entryOf(written, 'steps');
  return Array.isArray(steps) ? [...steps.entries()] : [];
}

function entryOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
