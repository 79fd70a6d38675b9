/** The adapter `baes`: Business Autonomous Entities (gesad-lab/baes_demo), one request a step through its command line. */
import { runLogged } from '../exec/index.ts';
import type { Adapter, AdapterStep, FrameworkClaim } from '../run/index.ts';
import { findAnswer, printedEnd, refusalOf } from './baes/answer.ts';
import { placeLauncher } from './baes/launcher.ts';
import { BAES } from './baes/recipe.ts';
import { CONTEXT_STORE, openState, PROGRAM } from './baes/state.ts';
import { endpointVariables, failedEnd } from './framework-process.ts';
import { PYTHON_ENVIRONMENT, successWhereParsed } from './python.ts';
import {
  commitOf,
  describeSetup,
  readinessOf,
  requireReady,
  useSetup,
  type SetupSettings,
  SOURCE_SETTINGS,
} from '../setup/index.ts';

export const baes: Adapter<SetupSettings> = {
  settings: SOURCE_SETTINGS,
  needsEndpoint: true,
  async check(settings, framework) {
    const readiness = await readinessOf(BAES, settings, framework);
    return readiness.status === 'ready' ? [] : [readiness.finding];
  },
  describe: async (settings) => await describeSetup(BAES, settings),
  async prepare(run) {
    const { python } = await useSetup(BAES, run);
    await placeLauncher(run.workspace, python);
    return { commit: commitOf(BAES, run.settings) };
  },
  runStep,
};

async function runStep(step: AdapterStep<SetupSettings>): Promise<FrameworkClaim> {
  const { python, source } = await requireReady(BAES, step.settings);
  const cwd = await openState(step, source);
  const printed = printedEnd();
  const { outcome } = await runLogged(
    {
      // `=`: a prompt may begin with dashes.
      command: [python, PROGRAM, `--request=${step.prompt}`, '--context-store', CONTEXT_STORE, '--output-json', '--quiet'],
      cwd,
      env: environmentOf(step),
      graceMs: step.shutdownGraceSeconds * 1000,
      signal: step.signal,
      processTag: step.processTag,
      onLine: (line) => printed.take(line),
    },
    step.log,
  );
  const answer = findAnswer(printed.lines);
  const refusal = answer === null ? null : refusalOf(answer);
  if (refusal !== null) return { status: 'failure', reason: 'framework_failed', message: refusal };
  const ended = failedEnd(outcome);
  if (ended !== null) return ended;
  if (answer === null) {
    return { status: 'failure', reason: 'framework_failed', message: 'it ended with exit code 0, but without its JSON answer' };
  }
  return await successWhereParsed(step, python);
}

/** The user's `env:` stands above the endpoint, as everywhere; what keeps runs apart stands above that. */
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
