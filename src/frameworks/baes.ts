/** The adapter `baes`: Business Autonomous Entities (gesad-lab/baes_demo), one request a step through its command line. */
import { runLogged } from '../exec/index.ts';
import type { Adapter, AdapterStep, FrameworkClaim } from '../run/index.ts';
import { findAnswer, createOutputTail, answerFailure } from './baes/answer.ts';
import { placeLauncher } from './baes/launcher.ts';
import { BAES } from './baes/recipe.ts';
import { CONTEXT_STORE, openWorkingDirectory, PROGRAM } from './baes/state.ts';
import { endpointVariables, failureOfOutcome } from './framework-process.ts';
import { PYTHON_ENVIRONMENT, claimAfterSyntaxCheck } from './python.ts';
import {
  commitOf,
  describeSetup,
  checkReadiness,
  requireSetup,
  recordSetup,
  type SetupSettings,
  SOURCE_SETTINGS,
} from '../setup/index.ts';

export const baes: Adapter<SetupSettings> = {
  settings: SOURCE_SETTINGS,
  needsEndpoint: true,
  async check(settings, framework) {
    const readiness = await checkReadiness(BAES, settings, framework);
    return readiness.status === 'ready' ? [] : [readiness.issue];
  },
  describe: async (settings) => await describeSetup(BAES, settings),
  async prepare(run) {
    const { python } = await recordSetup(BAES, run);
    await placeLauncher(run.workspace, python);
    return { commit: commitOf(BAES, run.settings) };
  },
  runStep,
};

async function runStep(step: AdapterStep<SetupSettings>): Promise<FrameworkClaim> {
  const { python, source } = await requireSetup(BAES, step.settings);
  const cwd = await openWorkingDirectory(step, source);
  const printed = createOutputTail();
  const { outcome } = await runLogged(
    {
      // `=`: a prompt may begin with dashes.
      command: [python, PROGRAM, `--request=${step.prompt}`, '--context-store', CONTEXT_STORE, '--output-json', '--quiet'],
      cwd,
      env: environmentOf(step),
      graceMs: step.shutdownGraceSeconds * 1000,
      signal: step.signal,
      processTag: step.processTag,
      onLine: (line) => printed.push(line),
    },
    step.log,
  );
  const answer = findAnswer(printed.lines);
  const refusal = answer === null ? null : answerFailure(answer);
  if (refusal !== null) return { status: 'failure', reason: 'framework_failed', message: refusal };
  const ended = failureOfOutcome(outcome);
  if (ended !== null) return ended;
  if (answer === null) {
    return { status: 'failure', reason: 'framework_failed', message: 'it ended with exit code 0, but without its JSON answer' };
  }
  return await claimAfterSyntaxCheck(step, python);
}

/** The user's `env:` wins over the endpoint, as everywhere; variables that isolate runs win over both. */
function environmentOf(step: AdapterStep<SetupSettings>): Record<string, string> {
  return {
    ...(step.endpoint === null ? {} : endpointVariables(step.endpoint)),
    OPENAI_MODEL: step.model,
    ...step.env,
    MANAGED_SYSTEM_PATH: step.workspace,
    SKIP_SERVER_START: '1',
    ...PYTHON_ENVIRONMENT,
  };
}
