/** The adapter `chatdev`: ChatDev 1.x (OpenBMB/ChatDev), one run of its chain of phases a step. */
import { delimiter, dirname } from 'node:path';
import { StepwellError } from '../errors/index.ts';
import { runLogged } from '../exec/index.ts';
import { findingOf, type Adapter, type AdapterRun, type AdapterStep, type Finding, type FrameworkClaim } from '../run/index.ts';
import { reservePort } from '../validate/index.ts';
import { copyOf, makeCopy, openCopy } from './chatdev/copy.ts';
import { placeLauncher, takeProduct } from './chatdev/output-files.ts';
import { isListening, LOG_PORT } from './chatdev/log-port.ts';
import { outputReader, type OutputReader } from './chatdev/output.ts';
import { CHATDEV } from './chatdev/recipe.ts';
import { endpointVariables, failedEnd } from './framework-process.ts';
import { PYTHON_ENVIRONMENT, successWhereParsed } from './python.ts';
import {
  commitOf,
  describeSetup,
  readinessOf,
  requireReady,
  type SetupPlace,
  useSetup,
  type SetupSettings,
  SOURCE_SETTINGS,
} from '../setup/index.ts';
import { chatdevError } from './chatdev/errors.ts';

export const chatdev: Adapter<SetupSettings> = {
  settings: SOURCE_SETTINGS,
  needsEndpoint: true,
  // A field of newer answers that it hands to a constructor which does not know it.
  omitFromMessages: ['annotations'],
  check,
  describe: async (settings) => await describeSetup(CHATDEV, settings),
  prepare,
  runStep,
};

async function check(settings: SetupSettings, framework?: string): Promise<Finding[]> {
  const readiness = await readinessOf(CHATDEV, settings, framework);
  const unready = readiness.status === 'ready' ? [] : [readiness.finding];
  try {
    if (settings.model !== undefined) modelName(settings.model);
    return unready;
  } catch (error) {
    if (!(error instanceof StepwellError)) throw error;
    return [...unready, findingOf(error)];
  }
}

async function prepare(run: AdapterRun<SetupSettings>): Promise<{ commit: string }> {
  modelName(run.model);
  const place = await useSetup(CHATDEV, run);
  await makeCopy(run, place);
  await placeLauncher(run.workspace, [copyOf(run).programs, dirname(place.python)]);
  if (await isListening(LOG_PORT)) {
    run.log.warn(
      `Something listens on port ${LOG_PORT} of 127.0.0.1: ChatDev sends it every line of its log, prompts and code included, ` +
        'and waits for each answer. Unless it is ChatDev’s own page, end it.',
    );
  }
  return { commit: commitOf(CHATDEV, run.settings) };
}

/** What Linux takes as one argument, its end included. */
const LONGEST_ARGUMENT = 128 * 1024 - 1;

async function runStep(step: AdapterStep<SetupSettings>): Promise<FrameworkClaim> {
  const task = `--task=${step.prompt}`;
  const bytes = Buffer.byteLength(task);
  if (bytes > LONGEST_ARGUMENT) throw chatdevError('CHATDEV_PROMPT_TOO_LONG', { bytes, most: LONGEST_ARGUMENT });
  const place = await requireReady(CHATDEV, step.settings);
  const goesOn = await openCopy(step);
  const { source, products, base } = copyOf(step);
  const name = `step_${step.step}_attempt_${step.attempt}`;
  const config = goesOn ? ['--config', 'Incremental', '--path', base] : ['--config', 'Default'];
  const output = outputReader();
  using reserved = await reservePort();
  const { outcome } = await runLogged(
    {
      command: [place.python, 'run.py', task, '--name', name, '--org', 'stepwell', '--model', modelName(step.model), ...config],
      cwd: source,
      env: environmentOf(step, place, reserved.port),
      graceMs: step.shutdownGraceSeconds * 1000,
      signal: step.signal,
      processTag: step.processTag,
      onLine: output.onLine,
    },
    step.log,
  );
  const code = await takeProduct(products, step.workspace, output.written());
  const usage = output.usage();
  const claim = withError(failedEnd(outcome), output) ?? (await judge(step, place, code));
  return usage === null ? claim : { ...claim, usage };
}

function withError(claim: FrameworkClaim | null, output: OutputReader): FrameworkClaim | null {
  const error = output.error();
  return claim?.status !== 'failure' || error === null ? claim : { ...claim, message: `${claim.message}: ${error}` };
}

/** Its exit code is 0 whatever came of the work. */
async function judge(step: AdapterStep<SetupSettings>, place: SetupPlace, code: readonly string[]): Promise<FrameworkClaim> {
  if (code.length === 0) {
    return { status: 'failure', reason: 'framework_failed', message: 'it ended with exit code 0, but wrote no code' };
  }
  return await successWhereParsed(step, place.python);
}

/** The user's `env:` stands above the endpoint, as everywhere; what keeps runs apart stands above that. */
function environmentOf(step: AdapterStep<SetupSettings>, place: SetupPlace, port: number): Record<string, string> {
  const endpoint = step.endpoint === null ? {} : { ...endpointVariables(step.endpoint), BASE_URL: step.endpoint.baseUrl };
  return {
    ...endpoint,
    // For the program when ChatDev tries it: one that listens elsewhere could meet that of another run.
    PORT: String(port),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    ...step.env,
    // What ChatDev tries, and the packages that it fetches for it, are the run's; ChatDev itself runs on those of its set-up.
    PATH: [copyOf(step).programs, step.env['PATH'] ?? ''].join(delimiter),
    TIKTOKEN_CACHE_DIR: place.encodings,
    ...PYTHON_ENVIRONMENT,
  };
}

/** ChatDev knows models by names of its own, each of which stands for one name on the wire. */
const MODEL_NAMES: Readonly<Record<string, string>> = {
  'gpt-4o-mini': 'GPT_4O_MINI',
  'gpt-4o': 'GPT_4O',
  'gpt-4-turbo': 'GPT_4_TURBO',
  'gpt-4': 'GPT_4',
  'gpt-3.5-turbo-16k': 'GPT_3_5_TURBO',
  // The scripted model answers whatever it is called.
  rehearsal: 'GPT_4O_MINI',
};

/** For `--model`. @throws CHATDEV_MODEL_UNKNOWN */
function modelName(model: string): string {
  const name = Object.hasOwn(MODEL_NAMES, model) ? MODEL_NAMES[model] : undefined;
  if (name === undefined) throw chatdevError('CHATDEV_MODEL_UNKNOWN', { model, known: Object.keys(MODEL_NAMES) });
  return name;
}
