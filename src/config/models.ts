/** The model that each framework asks. */
import type { ExperimentConfig } from '../schema/index.ts';
import type { Report } from './file/document.ts';
import type { KeyPath } from './errors.ts';

export const REHEARSAL_MODEL = 'rehearsal';

/** What is said of the model outside the file. */
export interface ModelChoice {
  /** How messages call what is given beside the file: `--model`, or `model`. */
  readonly called: Readonly<Record<'model' | 'rehearse' | 'replay', string>>;
  /** By the flag alone: it excludes others. */
  readonly flag: string | undefined;
  /** By flag or variable. */
  readonly model: string | undefined;
  readonly rehearse: boolean;
  /** The recorded run that answers in place of a model: its id and the model that it was made with. */
  readonly replay: { readonly runId: string; readonly model: string } | null;
}

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
  choice: ModelChoice,
  report: Report,
): Models {
  const imposed = imposedModel(choice, report);
  if (imposed !== null) return { imposed, common: imposed, of: () => imposed };
  checkModel(['model'], model, report);
  for (const [name, settings] of Object.entries(frameworks)) {
    if (settings.model !== undefined) checkModel(['frameworks', name, 'model'], settings.model, report);
  }
  return { imposed, common: model, of: (framework) => frameworks[framework]?.model ?? model };
}

function imposedModel({ called, flag, model, rehearse, replay }: ModelChoice, report: Report): string | null {
  if (replay !== null) {
    // What was recorded answers the model's name that was recorded, and no other.
    const says = `it excludes ${called.replay}: the run ${replay.runId} was made with the model ${JSON.stringify(replay.model)}.`;
    if (flag !== undefined && flag !== replay.model) report.outside(called.model, says, `Leave out ${called.model}.`);
    if (rehearse && replay.model !== REHEARSAL_MODEL) report.outside(called.rehearse, says, `Leave out ${called.rehearse}.`);
    return replay.model;
  }
  if (!rehearse) return model ?? null;
  if (flag !== undefined && flag !== REHEARSAL_MODEL)
    report.outside(called.rehearse, `it excludes ${called.model} ${JSON.stringify(flag)}.`, 'Leave out one of the two.');
  return REHEARSAL_MODEL;
}

function checkModel(path: KeyPath, written: string, report: Report): void {
  if (!written.includes('${')) return;
  const says = `is ${JSON.stringify(written)}, but references are expanded in endpoint and frameworks.*.env only`;
  report.problem(path, says, 'Write the name itself, or set STEPWELL_MODEL.');
}

/** False where the model is `rehearsal` only because nobody named one. */
export function namesModel(file: unknown, { model, rehearse, replay }: ModelChoice): boolean {
  if (replay !== null || rehearse || model !== undefined) return true;
  return typeof file === 'object' && file !== null && 'model' in file;
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

/** What flags or environment impose stands where the file names models. */
export function withModel(written: ExperimentConfig, imposed: string | null): ExperimentConfig {
  if (imposed === null) return written;
  const frameworks = Object.entries(written.frameworks).map(([name, settings]) => {
    const others = { ...settings };
    delete others.model;
    return [name, others] as const;
  });
  return { ...written, model: imposed, frameworks: Object.fromEntries(frameworks) };
}
