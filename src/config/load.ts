/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { ExperimentConfig } from '../schema.ts';
import { errnoOf, failureReason } from '../store.ts';
import {
  checkBackoff,
  checkFrameworkNames,
  checkStepIds,
  readHitl,
  readPrompts,
  refuseEndpoints,
  warnOfCostLimits,
  warnOfShortWaiting,
  warnOfUnlimited,
} from './checks.ts';
import { chooseFrameworks, chooseJobs, chooseModels, chooseSteps, leftOutOf, namesModel, REHEARSAL_MODEL } from './choice.ts';
import type { Collector } from './collector.ts';
import { readConfigDocument } from './document.ts';
import { resolveEndpoint } from './endpoint.ts';
import { checkFlows } from './flow.ts';
import { resolveFramework } from './framework.ts';
import { checkKeyShapes, checkLiterals } from './literals.ts';
import { didYouMean } from './nearest.ts';
import { newReport } from './report.ts';
import type { ResolvedConfig, ResolvedEndpoint, ResolvedStep } from './resolved.ts';
import type { ConfigFlags, Environment } from './settings.ts';
import { misspeltSettings, resolveRunsDir, settingOf } from './settings.ts';
import { checkShape } from './shape.ts';
import { snapshotConfig } from './snapshot.ts';
import { commonEndpoint, writtenEndpoint } from './written.ts';
import { configError } from './errors.ts';

const DEFAULT_CONFIG_FILE = 'config/experiment.yaml';

export interface LoadConfigOptions {
  /** `--config`. Default: `STEPWELL_CONFIG`, else `config/experiment.yaml`; relative to `cwd`. */
  readonly file?: string | undefined;
  readonly flags?: ConfigFlags;
  /** Default: `process.env`. */
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
  const directory = dirname(file);
  const shownFile = shownName(file, cwd);
  const document = readConfigDocument(readConfigText(file, shownFile, cwd), shownFile);
  const report = newReport(document);
  const collector: Collector = { env, report, secrets: [] };

  const jobs = chooseJobs(flags, env, report);
  if (document.value === null) {
    report.outside(shownFile, 'the file is empty.', 'Write at least frameworks and steps; `stepwell init` writes an example.');
  }
  // Without readable content nothing more can be said about the file.
  if (document.value === null || document.value === undefined) throw report.error();
  const { config: written, sections, problems } = checkShape(document);
  report.problems.push(...problems);
  checkFrameworkNames(document.value, report);
  checkStepIds(document.value, report);
  checkKeyShapes(document.value, collector);
  const prompts = readPrompts(document.value, directory, report);
  const hitl = readHitl(document.value, directory, report);
  if (sections.retries !== undefined) checkBackoff(sections.retries, report);
  if (sections.validation !== undefined) checkFlows(sections.validation, sections.frameworks, report);
  const models = chooseModels(sections, flags, env, report);
  if (!namesModel(document.value, flags, env)) refuseEndpoints(sections, report);
  const isAsked = (model: string): boolean => model !== REHEARSAL_MODEL && flags.replay === undefined;
  checkLiterals(sections, collector);
  if (written === null) {
    if (isAsked(models.common) && sections.endpoint !== undefined) resolveEndpoint(commonEndpoint(sections.endpoint), collector);
    throw report.error();
  }

  const chosen = chooseFrameworks(written, flags.frameworks, report);
  const asking = chosen.filter((name) => isAsked(models.of(name)));
  const endpoints = resolveEndpoints(written, asking, collector);
  warnOfUnlimited(written.budgets, endpoints, report);
  if (asking.length === 0) warnOfCostLimits(written.budgets, report);
  else warnOfShortWaiting(written.reconciliation, report);
  const keys = [...endpoints.values()].flatMap((endpoint) => endpoint?.apiKey ?? []);
  const frameworks = chosen.map((name) => {
    const settings = written.frameworks[name]!;
    const endpoint = endpoints.get(name) ?? null;
    const common = { directory, cwd, model: models.of(name), endpoint, keys, validation: written.validation };
    return resolveFramework(name, settings, common, collector);
  });
  const wanted = chooseSteps(written, flags.steps, report);
  const error = report.error();
  if (error !== undefined) throw error;

  const config = {
    ...withModel(written, models.imposed),
    steps: written.steps.map((step) => ({ ...step, enabled: wanted.has(step.id) })),
  };
  const steps = config.steps.flatMap((step, index): ResolvedStep[] => {
    const { text, sha256 } = prompts.get(index)!;
    return step.enabled
      ? [{ step: step.id, name: step.name, prompt_file: step.prompt_file, prompt_sha256: sha256, prompt: text }]
      : [];
  });
  return {
    file,
    shownFile,
    directory,
    runsDir,
    jobs,
    config,
    model: models.common,
    rehearsal: frameworks.every(({ rehearsal }) => rehearsal),
    replayOf: flags.replay?.runId ?? null,
    frameworks,
    leftOut: leftOutOf(written, flags.frameworks, chosen),
    steps,
    hitl,
    secrets: collector.secrets,
    snapshot: snapshotConfig(config, file),
    warnings: [...report.warnings, ...misspeltSettings(env)],
    refusal: (found) => {
      const refused = newReport(document);
      for (const { path, says, fix } of found) refused.problem(path, says, fix);
      return refused.error();
    },
  };
}

/** What flags or environment impose stands where the file names models. */
function withModel(written: ExperimentConfig, imposed: string | null): ExperimentConfig {
  if (imposed === null) return written;
  const frameworks = Object.entries(written.frameworks).map(([name, settings]) => {
    const others = { ...settings };
    delete others.model;
    return [name, others] as const;
  });
  return { ...written, model: imposed, frameworks: Object.fromEntries(frameworks) };
}

/** By framework. */
function resolveEndpoints(
  written: ExperimentConfig,
  frameworks: readonly string[],
  to: Collector,
): ReadonlyMap<string, ResolvedEndpoint | null> {
  return new Map(
    frameworks.map((name) => {
      const endpoint = writtenEndpoint(written, name, to.env);
      return [name, endpoint === null ? null : resolveEndpoint(endpoint, to)];
    }),
  );
}

/** Refuses frameworks whose adapter is not in the table, all of them in one error. @throws CONFIG_INVALID */
export function checkAdapters(resolved: ResolvedConfig, known: readonly string[]): void {
  const unknown = resolved.frameworks.filter(({ adapter }) => !known.includes(adapter));
  const problems = unknown.map(({ name, adapter, settings }) => {
    const named = settings.adapter !== undefined;
    const hint = !named && settings.command !== undefined ? 'Add adapter: command. ' : didYouMean(adapter, known);
    return {
      path: named ? ['frameworks', name, 'adapter'] : ['frameworks', name],
      says: named
        ? `is ${JSON.stringify(adapter)}, and there is no such adapter`
        : `names no adapter, and none is called ${JSON.stringify(name)}`,
      fix: `${hint}Adapters: ${known.join(', ')}.`,
    };
  });
  const error = resolved.refusal(problems);
  if (error !== undefined) throw error;
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

/** Relative where the file lies below the current directory, else absolute. */
function shownName(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === '' || path.startsWith('..') ? file : path;
}
