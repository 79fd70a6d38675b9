/** What of the configuration is to run: model, frameworks, steps, runs at a time. */
import { selectSteps, type ExperimentConfig } from '../schema.ts';
import { didYouMean } from './nearest.ts';
import type { KeyPath } from './problem.ts';
import type { Report } from './report.ts';
import type { ConfigFlags, Environment } from './settings.ts';
import { settingOf } from './settings.ts';

export const REHEARSAL_MODEL = 'rehearsal';

/** Every name is a provider's model name, or `rehearsal` for the scripted offline model. */
export interface Models {
  /** What flags or environment say for the whole experiment; null where they say nothing. */
  readonly imposed: string | null;
  /** The experiment's. */
  readonly common: string;
  of(framework: string): string;
}

/** Flags and environment stand above what a framework names for itself, and that above what the experiment names. */
export function chooseModels(
  { model = REHEARSAL_MODEL, frameworks = {} }: Partial<ExperimentConfig>,
  flags: ConfigFlags,
  env: Environment,
  report: Report,
): Models {
  const imposed = imposedModel(flags, env, report);
  if (imposed !== null) return { imposed, common: imposed, of: () => imposed };
  checkModel(['model'], model, report);
  for (const [name, settings] of Object.entries(frameworks)) {
    if (settings.model !== undefined) checkModel(['frameworks', name, 'model'], settings.model, report);
  }
  return { imposed, common: model, of: (framework) => frameworks[framework]?.model ?? model };
}

function imposedModel(flags: ConfigFlags, env: Environment, report: Report): string | null {
  if (flags.replay !== undefined) return modelOfReplay(flags.replay, flags, report);
  if (flags.rehearse === true) {
    if (flags.model !== undefined && flags.model !== REHEARSAL_MODEL) {
      report.outside('--rehearse', `it excludes --model ${JSON.stringify(flags.model)}.`, 'Leave out one of the two.');
    }
    return REHEARSAL_MODEL;
  }
  const setting = settingOf('--model', flags.model, 'STEPWELL_MODEL', env);
  if (setting === null) return null;
  if (setting.value.trim() === '') report.outside(setting.from, 'the model’s name is empty.', 'Name a model.');
  return setting.value;
}

function checkModel(path: KeyPath, written: string, report: Report): void {
  if (!written.includes('${')) return;
  const says = `is ${JSON.stringify(written)}, but references are expanded in endpoint and frameworks.*.env only`;
  report.problem(path, says, 'Write the name itself, or set STEPWELL_MODEL.');
}

/** What was recorded answers the model's name that was recorded, and no other. */
function modelOfReplay(
  { runId, model }: NonNullable<ConfigFlags['replay']>,
  flags: Pick<ConfigFlags, 'model' | 'rehearse'>,
  report: Report,
): string {
  const says = `it excludes --replay: the run ${runId} was made with the model ${JSON.stringify(model)}.`;
  if (flags.model !== undefined && flags.model !== model) report.outside('--model', says, 'Leave out --model.');
  if (flags.rehearse === true && model !== REHEARSAL_MODEL) report.outside('--rehearse', says, 'Leave out --rehearse.');
  return model;
}

/** False where the model is `rehearsal` only because nobody named one. */
export function namesModel(file: unknown, flags: ConfigFlags, env: Environment): boolean {
  if (flags.replay !== undefined) return true;
  if (flags.rehearse === true || settingOf('--model', flags.model, 'STEPWELL_MODEL', env) !== null) return true;
  return typeof file === 'object' && file !== null && 'model' in file;
}

export function chooseJobs(flags: ConfigFlags, env: Environment, report: Report): number {
  const setting = settingOf('--jobs', flags.jobs, 'STEPWELL_JOBS', env);
  if (setting === null) return 1;
  const jobs = Number(setting.value);
  if (/^ *\d+ *$/.test(setting.value) && jobs >= 1 && jobs <= 1000) return jobs;
  const sentence = `the number of runs at the same time is ${JSON.stringify(setting.value)}.`;
  report.outside(setting.from, sentence, 'Give a whole number from 1 to 1000.');
  return 1;
}

/** Names, each once, in the order asked for. A name runs even where the file says `enabled: false`; `all` does not. */
export function chooseFrameworks(written: ExperimentConfig, asked: readonly string[] = ['all'], report: Report): string[] {
  const known = Object.keys(written.frameworks);
  const enabled = known.filter((name) => written.frameworks[name]!.enabled);
  const chosen = new Set<string>();
  for (const name of asked) {
    if (name === 'all') {
      for (const each of enabled) chosen.add(each);
    } else if (known.includes(name)) chosen.add(name);
    else {
      const fix = `${didYouMean(name, known)}The configuration has: ${known.join(', ')}.`;
      report.outside('command line', `there is no framework ${JSON.stringify(name)}.`, fix);
    }
  }
  if (asked.includes('all') && enabled.length === 0 && known.length > 0) {
    report.problem(['frameworks'], 'has no enabled framework', 'Set enabled: true for one, or name one on the command line.');
  }
  return [...chosen];
}

/** Those that `all` would stand for, were they enabled. */
export function leftOutOf(written: ExperimentConfig, asked: readonly string[] = ['all'], chosen: readonly string[]): string[] {
  return asked.includes('all') ? Object.keys(written.frameworks).filter((name) => !chosen.includes(name)) : [];
}

export function chooseSteps(written: ExperimentConfig, flag: string | undefined, report: Report): ReadonlySet<number> {
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
