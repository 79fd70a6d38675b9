/** The model that each framework uses. */
import type { ExperimentConfig } from '../schema/index.ts';
import type { Report } from './file/document.ts';
import type { KeyPath } from './errors.ts';

export const REHEARSAL_MODEL = 'rehearsal';

/** The model as selected outside the file: by flags, environment or a replay. */
export interface ModelSelection {
  /** How messages name the settings: `--model`, or `model`. */
  readonly names: Readonly<Record<'model' | 'rehearse' | 'replay', string>>;
  /** From the flag only, which conflicts with others. */
  readonly flag: string | undefined;
  /** From flag or variable. */
  readonly model: string | undefined;
  readonly rehearse: boolean;
  /** The recorded run that answers in place of a model: its id and the model that it was made with. */
  readonly replay: { readonly runId: string; readonly model: string } | null;
}

/** Every name is a provider's model name, or `rehearsal` for the scripted offline model. */
export interface Models {
  /** The model that flags or environment set for the whole experiment; null when they set none. */
  readonly override: string | null;
  /** The experiment's. */
  readonly common: string;
  of(framework: string): string;
}

/** Flags and environment win over the framework's own model, which wins over the experiment's. */
export function selectModels(
  { model = REHEARSAL_MODEL, frameworks = {} }: Partial<ExperimentConfig>,
  selection: ModelSelection,
  report: Report,
): Models {
  const override = modelOverride(selection, report);
  if (override !== null) return { override, common: override, of: () => override };
  checkModel(['model'], model, report);
  for (const [name, settings] of Object.entries(frameworks)) {
    if (settings.model !== undefined) checkModel(['frameworks', name, 'model'], settings.model, report);
  }
  return { override, common: model, of: (framework) => frameworks[framework]?.model ?? model };
}

function modelOverride({ names, flag, model, rehearse, replay }: ModelSelection, report: Report): string | null {
  if (replay !== null) {
    // A cassette only answers requests for the recorded model.
    const predicate = `it excludes ${names.replay}: the run ${replay.runId} was made with the model ${JSON.stringify(replay.model)}.`;
    if (flag !== undefined && flag !== replay.model) report.inputProblem(names.model, predicate, `Leave out ${names.model}.`);
    if (rehearse && replay.model !== REHEARSAL_MODEL)
      report.inputProblem(names.rehearse, predicate, `Leave out ${names.rehearse}.`);
    return replay.model;
  }
  if (!rehearse) return model ?? null;
  if (flag !== undefined && flag !== REHEARSAL_MODEL)
    report.inputProblem(names.rehearse, `it excludes ${names.model} ${JSON.stringify(flag)}.`, 'Leave out one of the two.');
  return REHEARSAL_MODEL;
}

function checkModel(path: KeyPath, written: string, report: Report): void {
  if (!written.includes('${')) return;
  const predicate = `is ${JSON.stringify(written)}, but references are expanded only in endpoint and frameworks.*.env`;
  report.problem(path, predicate, 'Write the name itself, or set STEPWELL_MODEL.');
}

/** False when the model is `rehearsal` only by default. */
export function isModelConfigured(file: unknown, { model, rehearse, replay }: ModelSelection): boolean {
  if (replay !== null || rehearse || model !== undefined) return true;
  return typeof file === 'object' && file !== null && 'model' in file;
}

/** Without a model, the rehearsal would answer and every endpoint be ignored: reported as a problem. */
export function reportUnusedEndpoints({ endpoint, frameworks = {} }: Partial<ExperimentConfig>, report: Report): void {
  const fix = 'Add model: with a name that the endpoint knows, or model: rehearsal to run without an endpoint.';
  const refuse = (path: KeyPath): void => report.problem(path, 'is given, but no model is set', fix);
  const all = Object.entries(frameworks);
  if (endpoint !== undefined && all.every(([, { model }]) => model === undefined)) refuse(['endpoint']);
  for (const [name, settings] of all) {
    if (settings.endpoint !== undefined && settings.model === undefined) refuse(['frameworks', name, 'endpoint']);
  }
}

/** Replaces the models of the file by the override. */
export function applyModelOverride(written: ExperimentConfig, override: string | null): ExperimentConfig {
  if (override === null) return written;
  const frameworks = Object.entries(written.frameworks).map(([name, settings]) => {
    const others = { ...settings };
    delete others.model;
    return [name, others] as const;
  });
  return { ...written, model: override, frameworks: Object.fromEntries(frameworks) };
}
