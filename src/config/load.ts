/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { ExperimentConfig } from '../schema/index.ts';
import { errnoOf, failureReason } from '../store/index.ts';
import { checkBackoff, checkHttpChecks, warnOfCostLimits, warnOfShortWaiting, warnOfUnmetered } from './checks.ts';
import { createReport, readConfigDocument } from './file/document.ts';
import { commonEndpoint, resolveEndpoint, declaredEndpoint } from './endpoint/endpoint.ts';
import { configError } from './errors.ts';
import {
  checkAdapters,
  checkFrameworkNames,
  selectFrameworks,
  experimentSchema,
  disabledFrameworks,
  resolveFramework,
  type AdapterTable,
} from './frameworks.ts';
import { checkKeyShapes, checkLiteralSecrets, snapshotConfig } from './literal-secrets.ts';
import {
  selectModels,
  isModelConfigured,
  reportUnusedEndpoints,
  REHEARSAL_MODEL,
  applyModelOverride,
  type ModelSelection,
  type Models,
} from './models.ts';
import type { Environment, ResolveContext } from './references.ts';
import type { ResolvedConfig, ResolvedEndpoint, ResolvedFramework, ResolvedStep } from './resolved.ts';
import { validSections, schemaProblems } from './file/schema-errors.ts';
import {
  misspelledSettings,
  readSettings,
  resolveSettings,
  settingName,
  SETTINGS,
  type Settings,
  type SettingSource,
} from './settings.ts';
import { checkStepIds, enabledSteps, readHitl, readPrompts, type TextFile } from './steps.ts';

export interface ConfigFlags {
  readonly model?: string | undefined;
  readonly rehearse?: boolean | undefined;
  readonly replay?: ModelSelection['replay'] | undefined;
  readonly runsDir?: string | undefined;
  readonly jobs?: number | string | undefined;
  readonly steps?: string | undefined;
  /** Names of the configuration, or `['all']`; undefined means all enabled ones. */
  readonly frameworks?: readonly string[] | undefined;
}

export interface LoadConfigOptions {
  /** `--config`. Default: `STEPWELL_CONFIG`, else `config/experiment.yaml`; relative to `cwd`. */
  readonly file?: string | undefined;
  readonly flags?: ConfigFlags;
  /** What `file` and `flags` are called in messages: flags of the command line, or options of a function. */
  readonly source?: SettingSource;
  /** Default: `process.env`. */
  readonly env?: Environment;
  readonly cwd?: string;
  /** All adapters: each framework has the keys of its adapter; one with an unknown adapter is rejected if it will run. */
  readonly adapters: AdapterTable;
}

/**
 * Reads and checks the configuration. All problems of file, flags and environment are reported in one error, each with
 * its place, value and fix.
 *
 * @throws CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID
 * @example const { frameworks, steps } = loadConfig({ flags: { frameworks: ['baseline'], steps: '1,3-5' }, adapters });
 */
export function loadConfig(options: LoadConfigOptions): ResolvedConfig {
  const loading = readConfig(options);
  return resolveConfig(loading, checkConfig(loading));
}

/** The parsed file, and the flags, settings and environment next to it. */
interface LoadContext extends ResolveContext {
  readonly flags: ConfigFlags;
  readonly source: SettingSource;
  readonly settings: Settings<'runsDir' | 'model' | 'jobs' | 'steps' | 'rehearse' | 'frameworksDir'>;
  readonly selection: ModelSelection;
  readonly adapters: AdapterTable;
  readonly cwd: string;
  readonly file: string;
  readonly shownFile: string;
  readonly directory: string;
  readonly document: ReturnType<typeof readConfigDocument>;
}

/** @throws CONFIG_NOT_FOUND, CONFIG_UNREADABLE; CONFIG_INVALID when nothing more can be said about the file */
function readConfig(options: LoadConfigOptions): LoadContext {
  const { flags = {}, source = 'flags', env = process.env, cwd = process.cwd(), adapters } = options;
  const { frameworks: _frameworks, replay = null, ...outer } = flags;
  const { config = SETTINGS.config.preset } = resolveSettings(['config'], { [source]: { config: options.file }, env });
  const file = resolve(cwd, config);
  const shownFile = shownName(file, cwd);
  const document = readConfigDocument(readConfigText(file, shownFile, cwd), shownFile);
  const report = createReport(document);
  const settingNames = ['runsDir', 'jobs', 'model', 'steps', 'rehearse', 'frameworksDir'] as const;
  const settings = readSettings(settingNames, { [source]: outer, env }, (problem) => report.problems.push(problem));
  if (document.value === null) {
    report.inputProblem(
      shownFile,
      'the file is empty.',
      'Write at least frameworks and steps; `stepwell init` writes an example.',
    );
  }
  if (document.value === null || document.value === undefined) throw report.error();
  const { model, rehearse = false } = settings;
  const names = {
    model: settingName('model', source),
    rehearse: settingName('rehearse', source),
    replay: settingName('replay', source),
  };
  const selection = { names, flag: flags.model === undefined ? undefined : model, model, rehearse, replay };
  const directory = dirname(file);
  return {
    flags,
    source,
    settings,
    selection,
    adapters,
    cwd,
    file,
    shownFile,
    directory,
    document,
    report,
    env,
    secrets: [],
  };
}

interface CheckedConfig {
  readonly written: ExperimentConfig;
  readonly models: Models;
  /** By position in the list. */
  readonly prompts: ReadonlyMap<number, TextFile>;
  readonly hitl: TextFile | null;
}

/** Checks the whole file, whatever part of it will run. @throws CONFIG_INVALID when it does not match the schema */
function checkConfig(loading: LoadContext): CheckedConfig {
  const { document, directory, selection, report, adapters } = loading;
  const schema = experimentSchema(document.value, adapters);
  const shape = schema.safeParse(document.value);
  if (!shape.success) report.problems.push(...schemaProblems(document, shape.error, schema, adapters));
  const sections = shape.success ? shape.data : validSections(document.value, schema);
  checkFrameworkNames(document.value, report);
  checkStepIds(document.value, report);
  checkKeyShapes(document.value, loading);
  const prompts = readPrompts(document.value, directory, report);
  const hitl = readHitl(document.value, directory, report);
  if (sections.retries !== undefined) checkBackoff(sections.retries, report);
  if (sections.validation !== undefined) checkHttpChecks(sections.validation, sections.frameworks, report);
  const models = selectModels(sections, selection, report);
  if (!isModelConfigured(document.value, selection)) reportUnusedEndpoints(sections, report);
  checkLiteralSecrets(sections, adapters, loading);
  if (shape.success) return { written: shape.data, models, prompts, hitl };
  if (usesProvider(models.common, loading) && sections.endpoint !== undefined)
    resolveEndpoint(commonEndpoint(sections.endpoint), loading);
  throw report.error();
}

/** Resolves what will run. @throws CONFIG_INVALID */
function resolveConfig(loading: LoadContext, { written, models, prompts, hitl }: CheckedConfig): ResolvedConfig {
  const { flags, source, settings, selection, cwd, file, shownFile, directory, report, env } = loading;
  const frameworks = resolveFrameworks(loading, written, models);
  const wanted = enabledSteps(written, settings.steps, settingName('steps', source), report);
  const error = report.error();
  if (error !== undefined) throw error;

  const config = {
    ...applyModelOverride(written, models.override),
    steps: written.steps.map((step) => ({ ...step, enabled: wanted.has(step.id) })),
  };
  const steps = config.steps.flatMap((step, index): ResolvedStep[] => {
    const { text, sha256 } = prompts.get(index)!;
    return step.enabled
      ? [{ step: step.id, name: step.name, prompt_file: step.prompt_file, prompt_sha256: sha256, prompt: text }]
      : [];
  });
  const chosen = frameworks.map(({ name }) => name);
  return {
    file,
    shownFile,
    directory,
    runsDir: resolve(cwd, settings.runsDir ?? SETTINGS.runsDir.preset),
    jobs: settings.jobs ?? 1,
    config,
    model: models.common,
    rehearsal: frameworks.every(({ rehearsal }) => rehearsal),
    replayOf: selection.replay?.runId ?? null,
    frameworks,
    leftOut: disabledFrameworks(written, flags.frameworks, chosen),
    steps,
    hitl,
    secrets: loading.secrets,
    snapshot: snapshotConfig(config, file),
    warnings: [...report.warnings, ...misspelledSettings(env)],
  };
}

function resolveFrameworks(loading: LoadContext, written: ExperimentConfig, models: Models): ResolvedFramework[] {
  const { flags, settings, adapters, cwd, directory, report, env } = loading;
  const chosen = selectFrameworks(written, flags.frameworks, report);
  const asking = chosen.filter((name) => usesProvider(models.of(name), loading));
  const endpoints = new Map<string, ResolvedEndpoint | null>();
  for (const name of asking) {
    const endpoint = declaredEndpoint(written, name, env);
    endpoints.set(name, endpoint === null ? null : resolveEndpoint(endpoint, loading));
  }
  warnOfUnmetered(written.budgets, endpoints, report);
  if (asking.length === 0) warnOfCostLimits(written.budgets, report);
  else warnOfShortWaiting(written.reconciliation, report);
  const keys = [...endpoints.values()].flatMap((endpoint) => endpoint?.apiKey ?? []);
  const installDir = resolve(cwd, settings.frameworksDir ?? SETTINGS.frameworksDir.preset);
  const frameworks = chosen.map((name) => {
    const endpoint = endpoints.get(name) ?? null;
    const common = { adapters, directory, installDir, model: models.of(name), endpoint, keys, validation: written.validation };
    return resolveFramework(name, written.frameworks[name]!, common, loading);
  });
  checkAdapters(frameworks, Object.keys(adapters), report);
  return frameworks;
}

/** Whether calls go to a provider. */
function usesProvider(model: string, { selection }: LoadContext): boolean {
  return model !== REHEARSAL_MODEL && selection.replay === null;
}

function readConfigText(file: string, shownFile: string, cwd: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw configError('CONFIG_NOT_FOUND', { file: shownFile, cwd }, { cause: error });
    const known: Record<string, string> = {
      EISDIR: 'it is a directory',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
    };
    throw configError(
      'CONFIG_UNREADABLE',
      { file: shownFile, reason: known[code ?? ''] ?? failureReason(error) },
      { cause: error },
    );
  }
}

/** Relative if the file is below the current directory, otherwise absolute. */
function shownName(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === '' || path.startsWith('..') ? file : path;
}
