/** The adapter `chatdev`: ChatDev 1.x (OpenBMB/ChatDev), one run of its chain of phases a step. */
import { delimiter, dirname } from 'node:path';
import { StepwellError } from '../errors/index.ts';
import { runLogged } from '../exec/index.ts';
import {
  issueOf,
  type Adapter,
  type AdapterRun,
  type AdapterStep,
  type PreflightIssue,
  type FrameworkClaim,
} from '../run/index.ts';
import { reservePort } from '../validate/index.ts';
import { checkoutOf, createCheckout, openCheckout } from './chatdev/checkout.ts';
import { placeLauncher, collectOutput } from './chatdev/output-files.ts';
import { isListening, LOG_PORT } from './chatdev/log-port.ts';
import { outputReader, type OutputReader } from './chatdev/output.ts';
import { CHATDEV } from './chatdev/recipe.ts';
import { endpointVariables, failureOfOutcome } from './framework-process.ts';
import { PYTHON_ENVIRONMENT, claimAfterSyntaxCheck } from './python.ts';
import {
  commitOf,
  describeSetup,
  checkReadiness,
  requireSetup,
  type SetupPaths,
  recordSetup,
  type SetupSettings,
  SOURCE_SETTINGS,
} from '../setup/index.ts';
import { chatdevError } from './chatdev/errors.ts';

export const chatdev: Adapter<SetupSettings> = {
  settings: SOURCE_SETTINGS,
  needsEndpoint: true,
  // It passes this newer field to a constructor that does not know it.
  omitFromMessages: ['annotations'],
  check,
  describe: async (settings) => await describeSetup(CHATDEV, settings),
  prepare,
  runStep,
};

async function check(settings: SetupSettings, framework?: string): Promise<PreflightIssue[]> {
  const readiness = await checkReadiness(CHATDEV, settings, framework);
  const issues = readiness.status === 'ready' ? [] : [readiness.issue];
  try {
    if (settings.model !== undefined) modelName(settings.model);
    return issues;
  } catch (error) {
    if (!(error instanceof StepwellError)) throw error;
    return [...issues, issueOf(error)];
  }
}

async function prepare(run: AdapterRun<SetupSettings>): Promise<{ commit: string }> {
  modelName(run.model);
  const setup = await recordSetup(CHATDEV, run);
  await createCheckout(run, setup);
  await placeLauncher(run.workspace, [checkoutOf(run).binDir, dirname(setup.python)]);
  if (await isListening(LOG_PORT)) {
    run.log.warn(
      `Port ${LOG_PORT} of 127.0.0.1 is in use: ChatDev sends every line of its log there, prompts and code included, ` +
        'and waits for each answer. Stop that program unless it is ChatDev’s own page.',
    );
  }
  return { commit: commitOf(CHATDEV, run.settings) };
}

/** The limit of Linux for one argument, including the final NUL. */
const LONGEST_ARGUMENT = 128 * 1024 - 1;

async function runStep(step: AdapterStep<SetupSettings>): Promise<FrameworkClaim> {
  const task = `--task=${step.prompt}`;
  const bytes = Buffer.byteLength(task);
  if (bytes > LONGEST_ARGUMENT) throw chatdevError('CHATDEV_PROMPT_TOO_LONG', { bytes, most: LONGEST_ARGUMENT });
  const setup = await requireSetup(CHATDEV, step.settings);
  const isIncremental = await openCheckout(step);
  const { source, outputDir, previousCode } = checkoutOf(step);
  const name = `step_${step.step}_attempt_${step.attempt}`;
  const config = isIncremental ? ['--config', 'Incremental', '--path', previousCode] : ['--config', 'Default'];
  const output = outputReader();
  using reserved = await reservePort();
  const { outcome } = await runLogged(
    {
      command: [setup.python, 'run.py', task, '--name', name, '--org', 'stepwell', '--model', modelName(step.model), ...config],
      cwd: source,
      env: environmentOf(step, setup, reserved.port),
      graceMs: step.shutdownGraceSeconds * 1000,
      signal: step.signal,
      processTag: step.processTag,
      onLine: output.onLine,
    },
    step.log,
  );
  const code = await collectOutput(outputDir, step.workspace, output.written());
  const usage = output.usage();
  const claim = withError(failureOfOutcome(outcome), output) ?? (await verifyCode(step, setup, code));
  return usage === null ? claim : { ...claim, usage };
}

function withError(claim: FrameworkClaim | null, output: OutputReader): FrameworkClaim | null {
  const error = output.error();
  return claim?.status !== 'failure' || error === null ? claim : { ...claim, message: `${claim.message}: ${error}` };
}

/** Its exit code is 0 whatever the result. */
async function verifyCode(step: AdapterStep<SetupSettings>, setup: SetupPaths, code: readonly string[]): Promise<FrameworkClaim> {
  if (code.length === 0) {
    return { status: 'failure', reason: 'framework_failed', message: 'it ended with exit code 0, but wrote no code' };
  }
  return await claimAfterSyntaxCheck(step, setup.python);
}

/** The user's `env:` wins over the endpoint, as everywhere; variables that isolate runs win over both. */
function environmentOf(step: AdapterStep<SetupSettings>, setup: SetupPaths, port: number): Record<string, string> {
  const endpoint = step.endpoint === null ? {} : { ...endpointVariables(step.endpoint), BASE_URL: step.endpoint.baseUrl };
  return {
    ...endpoint,
    // For the program when ChatDev tries it: on a fixed port it could collide with another run.
    PORT: String(port),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    ...step.env,
    // The program that ChatDev tries and its packages belong to the run; ChatDev itself uses the shared installation.
    PATH: [checkoutOf(step).binDir, step.env['PATH'] ?? ''].join(delimiter),
    TIKTOKEN_CACHE_DIR: setup.encodings,
    ...PYTHON_ENVIRONMENT,
  };
}

/** ChatDev's own names of models, by the name sent to the provider. */
const MODEL_NAMES: Readonly<Record<string, string>> = {
  'gpt-4o-mini': 'GPT_4O_MINI',
  'gpt-4o': 'GPT_4O',
  'gpt-4-turbo': 'GPT_4_TURBO',
  'gpt-4': 'GPT_4',
  'gpt-3.5-turbo-16k': 'GPT_3_5_TURBO',
  // The scripted model answers to any name.
  rehearsal: 'GPT_4O_MINI',
};

/** For `--model`. @throws CHATDEV_MODEL_UNKNOWN */
function modelName(model: string): string {
  const name = Object.hasOwn(MODEL_NAMES, model) ? MODEL_NAMES[model] : undefined;
  if (name === undefined) throw chatdevError('CHATDEV_MODEL_UNKNOWN', { model, known: Object.keys(MODEL_NAMES) });
  return name;
}
