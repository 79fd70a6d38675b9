/** `stepwell run`: an experiment from its first check to its last sealed record. */
import { resolveSettings } from '../../config/settings.ts';
import { ExitCode } from '../../errors/index.ts';
import {
  interruptOnSignals,
  planExperiment,
  runExperiment,
  type ExperimentOptions,
  type ExperimentPlan,
  type ProgressEvent,
} from '../../experiment/index.ts';
import type { Level } from '../../schema/index.ts';
import { paintFor } from '../../terminal/index.ts';
import { doneLine, runReport } from '../views/run-report.ts';
import { didOutputFail, continueWithoutOutput, note, print } from '../output.ts';
import { launchLine, leftOutLines, printPlan } from '../views/plan.ts';
import { blockDisplay, canDrawOn, lineDisplay, type Display } from '../progress/display.ts';
import type { CommonOptions } from '../runs-dir.ts';
import { canAsk, notSetUp, wantsSetup } from '../setup-prompt.ts';

interface RunOptions extends CommonOptions {
  readonly jobs?: string;
  readonly steps?: string;
  readonly model?: string;
  readonly rehearse?: boolean;
  readonly record?: boolean;
  readonly replay?: string;
  readonly replayLoose?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly console?: Level;
}

const EXPERIMENT_SETTINGS = [
  'config',
  'runsDir',
  'rounds',
  'jobs',
  'steps',
  'model',
  'rehearse',
  'record',
  'replay',
  'replayLoose',
  'console',
] as const;

export async function run(args: readonly string[], options: RunOptions): Promise<number> {
  const experiment = optionsOf(args, options);
  if (options.dryRun === true) {
    const plan = await planExperiment(experiment, 'flags');
    await printPlan(plan, options.json === true);
    return plan.findings.length === 0 ? ExitCode.ok : ExitCode.usage;
  }
  if (options.json !== true && canAsk()) {
    const missing = await notSetUp(experiment.frameworks, options);
    if (missing.length > 0 && (await wantsSetup(missing))) {
      const { run: setup } = await import('./setup.ts');
      const exitCode = await setup(missing, options);
      if (exitCode !== ExitCode.ok) return exitCode;
    }
  }
  continueWithoutOutput();
  const exitCode = options.json === true ? await runAsJson(experiment) : await runForPeople(experiment);
  return didOutputFail() ? ExitCode.failure : exitCode;
}

async function runAsJson(experiment: ExperimentOptions): Promise<number> {
  using interruption = interruptOnSignals();
  const written: Promise<void>[] = [];
  const onPlan = (plan: ExperimentPlan): void => void written.push(print(launchLine(plan)));
  const onProgress = (event: ProgressEvent): void => {
    if (event.type === 'run_finished') written.push(print(doneLine(event.result)));
  };
  const result = await runExperiment({ ...experiment, signal: interruption.signal, onPlan, onProgress }, 'flags');
  await Promise.all(written);
  return interruption.exitCode ?? result.exitCode;
}

async function runForPeople(experiment: ExperimentOptions): Promise<number> {
  // stdout has the results alone, so that `run … > results` still shows how far the experiment is.
  const screen = process.stderr;
  const hasRecords = experiment.console !== undefined;
  const draws = canDrawOn(screen, process.env) && !hasRecords;
  // Into a file or a pipe, --console writes lines of JSON: a program reads them, and nothing comes between.
  const say = (text: string): void => void (hasRecords && !screen.isTTY ? null : screen.write(text));
  const newDisplay = (): Display => (draws ? blockDisplay(screen, paintFor(screen)) : lineDisplay(say));
  let display: Display | null = null;
  using interruption = interruptOnSignals({
    onFirst: () => {
      if (display === null) note('Interrupted before the first run started.');
      else display.say('Shutting down cleanly. Press Ctrl-C again to force.');
    },
  });
  const onProgress = (event: ProgressEvent): void => {
    // Not before the first run: an error of the checks is then all there is on the screen.
    display ??= newDisplay();
    display.update(event);
  };
  let result;
  try {
    const onPlan = (plan: ExperimentPlan): void => leftOutLines(plan).forEach((line) => note(line));
    result = await runExperiment({ ...experiment, signal: interruption.signal, onPlan, onProgress }, 'flags');
  } finally {
    (display as Display | null)?.[Symbol.dispose]();
  }
  if ((display as Display | null) !== null) say('\n');
  await print(...(await runReport(result, paintFor(process.stdout))));
  return interruption.exitCode ?? result.exitCode;
}

/** What was typed; what is not is for the library to take from the environment and the file. @throws CONFIG_INVALID */
function optionsOf(args: readonly string[], options: RunOptions): ExperimentOptions {
  const last = args.at(-1) ?? '';
  // `run baseline 1`: the number at the end is the rounds, unless it is all there is.
  const withRounds = args.length > 1 && /^[+-]?\d+(\.\d+)?$/.test(last);
  const flags = { ...options, ...(withRounds ? { rounds: last } : {}) };
  return { frameworks: withRounds ? args.slice(0, -1) : args, ...resolveSettings(EXPERIMENT_SETTINGS, { flags, env: {} }) };
}
