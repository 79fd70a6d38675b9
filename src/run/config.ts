/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { stepwellError } from '../errors.ts';
import type { ExperimentConfig } from '../schema.ts';
import { unsafeNameReason } from '../store.ts';
import { checkFrameworkLiterals, checkKeyShapes, resolveEndpoint, resolveFramework } from './config/connections.ts';
import type { Collector } from './config/connections.ts';
import { readConfigDocument } from './config/document.ts';
import { checkFlow } from './config/flow.ts';
import { didYouMean } from './config/nearest.ts';
import { showPath } from './config/problem.ts';
import { newReport } from './config/report.ts';
import type { Report } from './config/report.ts';
import type { ResolvedConfig, ResolvedStep } from './config/resolved.ts';
import { selectSteps } from './config/selection.ts';
import type { ConfigFlags, Environment, Setting } from './config/settings.ts';
import { misspeltSettings, resolveRunsDir, settingOf } from './config/settings.ts';
import { checkShape } from './config/shape.ts';
import { snapshotConfig } from './config/snapshot.ts';
import { readTextFile } from './config/text-file.ts';
import type { TextFile } from './config/text-file.ts';

export type { ResolvedConfig, ResolvedFramework, ResolvedStep, Secret } from './config/resolved.ts';
export type { ConfigFlags, Environment } from './config/settings.ts';
export { resolveRunsDir, SETTINGS } from './config/settings.ts';
export { didYouMean } from './config/nearest.ts';
export type { TextFile } from './config/text-file.ts';

export const DEFAULT_CONFIG_FILE = 'config/experiment.yaml';
export const REHEARSAL_MODEL = 'rehearsal';

export interface LoadConfigOptions {
  /** `--config`. Default: `STEPWELL_CONFIG`, else `config/experiment.yaml`; relative to `cwd`. */
  readonly file?: string | undefined;
  readonly flags?: ConfigFlags;
  readonly env?: Environment;
  readonly cwd?: string;
}

/**
 * Reads and checks the configuration. All problems of file, flags and environment are reported in one error, each with
 * its place, value and fix.
 *
 * @throws CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID
 * @example const { frameworks, steps } = loadConfig({ flags: { frameworks: ['baseline'], steps: '1,3-5' } });
 */
export function loadConfig(options: LoadConfigOptions = {}): ResolvedConfig {
  const { flags = {}, env = process.env, cwd = process.cwd() } = options;
  const runsDir = resolveRunsDir({ flag: flags.runsDir, env, cwd });
  const file = resolve(cwd, settingOf('--config', options.file, 'STEPWELL_CONFIG', env)?.value ?? DEFAULT_CONFIG_FILE);
  const shownFile = shownName(file, cwd);
  const document = readConfigDocument(readConfigText(file, shownFile, cwd), shownFile);
  const report = newReport(document);
  const jobs = jobsOf(settingOf('--jobs', flags.jobs, 'STEPWELL_JOBS', env), report);
  if (document.value === null && document.problems.length === 0) {
    report.outside(shownFile, 'the file is empty.', 'Write at least frameworks and steps; `stepwell init` writes an example.');
  }
  const shape = document.value === null || document.value === undefined ? null : checkShape(document);
  report.problems.push(...(shape?.problems ?? []));
  if (shape === null || shape.config === null) throw report.error()!;

  const written = shape.config;
  const directory = dirname(file);
  const collector: Collector = { env, report, secrets: [] };
  const model = modelOf(written, flags, env, report);
  const rehearsal = model === REHEARSAL_MODEL;
  checkNames(written, report);
  checkBackoff(written, report);
  checkFlow(written.validation, report);
  checkKeyShapes(document.value, collector);
  checkFrameworkLiterals(written.frameworks, collector);
  const endpoint = resolveEndpoint(written.endpoint, !rehearsal, collector);
  const frameworks = selectFrameworks(written, flags.frameworks, report).map((name) =>
    resolveFramework(name, written.frameworks[name]!, collector),
  );
  const wanted = wantedSteps(written, flags.steps, report);
  const config = { ...written, model, steps: written.steps.map((step) => ({ ...step, enabled: wanted.has(step.id) })) };
  const steps = resolveSteps(config, directory, report);
  const hitl = written.hitl_path === undefined ? null : textAt(['hitl_path'], written.hitl_path, directory, report);
  const error = report.error();
  if (error !== undefined) throw error;

  return {
    file,
    shownFile,
    directory,
    runsDir,
    jobs,
    config,
    model,
    rehearsal,
    endpoint,
    frameworks,
    steps,
    hitl,
    secrets: collector.secrets,
    snapshot: snapshotConfig(config, file),
    warnings: [...report.warnings, ...misspeltSettings(env)],
    problemAt: (path, sentence, fix) =>
      stepwellError('CONFIG_INVALID', {
        problems: [{ where: document.where(path), sentence: `${showPath(path)} ${sentence}.`, fix }],
      }),
  };
}

/** Refuses adapters that do not exist. @throws CONFIG_INVALID */
export function checkAdapters(resolved: ResolvedConfig, known: readonly string[]): void {
  for (const { name, adapter, settings } of resolved.frameworks) {
    if (known.includes(adapter)) continue;
    const named = settings.adapter !== undefined;
    const hint = !named && settings.command !== undefined ? 'Add adapter: command. ' : didYouMean(adapter, known);
    throw resolved.problemAt(
      named ? ['frameworks', name, 'adapter'] : ['frameworks', name],
      named
        ? `is ${JSON.stringify(adapter)}, and there is no such adapter`
        : `names no adapter, and none is called ${JSON.stringify(name)}`,
      `${hint}Adapters: ${known.join(', ')}.`,
    );
  }
}

function readConfigText(file: string, shownFile: string, cwd: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw stepwellError('CONFIG_NOT_FOUND', { file: shownFile, cwd });
    const reason =
      code === 'EISDIR'
        ? 'it is a directory'
        : code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
          ? 'it is not UTF-8 text'
          : String(code ?? error);
    throw stepwellError('CONFIG_UNREADABLE', { file: shownFile, reason });
  }
}

/** Relative where the file lies below the current directory, else absolute. */
function shownName(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === '' || path.startsWith('..') ? file : path;
}

function jobsOf(setting: Setting | null, report: Report): number {
  if (setting === null) return 1;
  const jobs = Number(setting.value);
  if (/^\d+$/.test(setting.value.trim()) && jobs >= 1 && jobs <= 1000) return jobs;
  report.outside(
    setting.from,
    `the number of runs at the same time is ${JSON.stringify(setting.value)}.`,
    'Give a whole number from 1 to 1000.',
  );
  return 1;
}

function modelOf(written: ExperimentConfig, flags: ConfigFlags, env: Environment, report: Report): string {
  if (flags.rehearse === true) {
    if (flags.model !== undefined && flags.model !== REHEARSAL_MODEL) {
      report.outside('--rehearse', `--rehearse and --model ${flags.model} exclude each other.`, 'Leave out one of the two.');
    }
    return REHEARSAL_MODEL;
  }
  const setting = settingOf('--model', flags.model, 'STEPWELL_MODEL', env);
  if (setting !== null && setting.value.trim() === '') report.outside(setting.from, 'the model is empty.', 'Name a model.');
  if (setting === null && written.model.includes('${')) {
    report.problem(
      ['model'],
      `is ${JSON.stringify(written.model)}; references are expanded in endpoint and env only`,
      'Write the name, or set STEPWELL_MODEL.',
    );
  }
  return setting?.value ?? written.model;
}

function checkNames(written: ExperimentConfig, report: Report): void {
  const names = Object.keys(written.frameworks);
  if (names.length === 0) report.problem(['frameworks'], 'names no framework', 'Add one, such as baseline: {}.');
  for (const name of names) {
    const reason = name === 'all' ? 'it stands for all of them on the command line' : unsafeNameReason(name);
    if (reason === null) continue;
    report.problem(
      ['frameworks', name],
      `cannot be used as a name: ${reason}`,
      'Choose letters, digits, dots, underscores and hyphens.',
      'key',
    );
  }
  const first = new Map<number, number>();
  for (const [index, { id }] of written.steps.entries()) {
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

function checkBackoff(written: ExperimentConfig, report: Report): void {
  const { max_retries, initial_backoff_seconds, backoff_multiplier } = written.retries;
  const longest = initial_backoff_seconds * backoff_multiplier ** Math.max(0, max_retries - 1);
  if (longest <= 86_400) return;
  const says = `would make the last pause ${longest.toPrecision(3)} seconds long`;
  report.problem(['retries'], says, 'Lower max_retries or backoff_multiplier until it is at most a day (86400 seconds).');
}

function selectFrameworks(written: ExperimentConfig, asked: readonly string[] = ['all'], report: Report): string[] {
  const known = Object.keys(written.frameworks);
  const enabled = known.filter((name) => written.frameworks[name]!.enabled);
  const chosen = new Set<string>();
  for (const name of asked) {
    if (name === 'all') {
      for (const each of enabled) chosen.add(each);
    } else if (known.includes(name)) chosen.add(name);
    else
      report.outside(
        'command line',
        `there is no framework ${JSON.stringify(name)}.`,
        `${didYouMean(name, known)}The configuration has: ${known.join(', ')}.`,
      );
  }
  if (asked.includes('all') && enabled.length === 0 && known.length > 0) {
    report.problem(['frameworks'], 'has no enabled framework', 'Set enabled: true for one, or name one on the command line.');
  }
  return [...chosen];
}

function wantedSteps(written: ExperimentConfig, flag: string | undefined, report: Report): ReadonlySet<number> {
  if (flag !== undefined) {
    const selection = selectSteps(
      flag,
      written.steps.map((step) => step.id),
    );
    if ('ids' in selection) return selection.ids;
    report.outside('--steps', selection.problem, selection.fix);
    return new Set();
  }
  const enabled = written.steps.filter((step) => step.enabled);
  if (enabled.length === 0)
    report.problem(['steps'], 'has no enabled step', 'Set enabled: true for one, or name some with --steps.');
  return new Set(enabled.map((step) => step.id));
}

/** Texts of all steps are read, so that a file is right or wrong as a whole; those to run are returned. */
function resolveSteps(config: ExperimentConfig, directory: string, report: Report): ResolvedStep[] {
  return config.steps.flatMap((step, index) => {
    const text = textAt(['steps', index, 'prompt_file'], step.prompt_file, directory, report);
    if (text === null || !step.enabled) return [];
    return [{ step: step.id, name: step.name, prompt_file: step.prompt_file, prompt_sha256: text.sha256, prompt: text.text }];
  });
}

function textAt(path: (string | number)[], file: string, directory: string, report: Report): TextFile | null {
  const result = readTextFile(file, directory);
  if ('text' in result) return result.text;
  report.problem(path, `is ${JSON.stringify(file)}, which ${result.problem}`, result.fix);
  return null;
}
