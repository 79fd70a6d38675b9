/** The adapter `command`: any program with a command line as a framework. One attempt is one process. */
import { delimiter, dirname } from 'node:path';
import { z } from 'zod';
import { execError, findProgram, type OutputLine, runLogged } from '../exec/index.ts';
import {
  issueOf,
  type Adapter,
  type AdapterRun,
  type AdapterStep,
  type PreflightIssue,
  type FrameworkClaim,
} from '../run/index.ts';
import type { FrameworkSettings } from '../schema/index.ts';
import { commitOf, UNKNOWN_COMMIT } from './command/commit.ts';
import { commandError } from './command/errors.ts';
import { endpointVariables, failureOfOutcome } from './framework-process.ts';

const keys = {
  command: programKey(
    'Program (a name on PATH, or a path relative to this file) and arguments. {prompt}, {prompt_file}, {workspace} and {step} are replaced.',
  ),
};

/** Settings of every adapter that runs a configurable program. */
export type CommandSettings = FrameworkSettings & { readonly command?: readonly string[] | undefined };

export function programKey(description: string) {
  return z.array(z.string()).min(1).optional().describe(description);
}

export const command: Adapter<CommandSettings> = {
  settings: { keys, paths: { command: 'command' } },
  check,
  prepare,
  runStep: async (step) => await runCommand(step),
};

function check(settings: CommandSettings): Promise<PreflightIssue[]> {
  return Promise.resolve(programIssues(settings));
}

function programIssues(settings: CommandSettings): PreflightIssue[] {
  const program = settings.command?.[0];
  if (program === undefined || program === '') return [issueOf(commandError('COMMAND_MISSING', {}))];
  const path = settings.env['PATH'] ?? parentPath();
  const found = findProgram(program, path);
  switch (found.status) {
    case 'found':
      return [];
    case 'missing':
      return [issueOf(execError('PROGRAM_NOT_FOUND', { program, path: settings.env['PATH'] ?? null }))];
    case 'not_executable':
      return [issueOf(execError('PROGRAM_NOT_EXECUTABLE', { program: found.path, reason: 'it has no execute permission' }))];
    default:
      return found satisfies never;
  }
}

async function prepare(run: AdapterRun<CommandSettings>): Promise<{ commit: string }> {
  const [program, ...args] = commandOf(run);
  const found = findProgram(program, run.env['PATH'] ?? '');
  return { commit: found.status === 'found' ? await commitOf(found.path, args) : UNKNOWN_COMMIT };
}

/** Runs one process. `onLine` gets its output in addition to the record. */
export async function runCommand(
  step: AdapterStep<CommandSettings>,
  onLine?: (line: OutputLine) => void,
): Promise<FrameworkClaim> {
  const [program, ...args] = commandOf(step);
  const values = { prompt: step.prompt, prompt_file: step.promptFile, workspace: step.workspace, step: String(step.step) };
  const { outcome } = await runLogged(
    {
      command: [program, ...fillPlaceholders(args, values)],
      cwd: step.workspace,
      env: environmentOf(step),
      ...(hasPromptPlaceholder(args) ? {} : { stdin: step.prompt }),
      graceMs: step.shutdownGraceSeconds * 1000,
      signal: step.signal,
      processTag: step.processTag,
      ...(onLine === undefined ? {} : { onLine }),
    },
    step.log,
  );
  return failureOfOutcome(outcome) ?? { status: 'success' };
}

/** The user's `env:` wins over the endpoint: a user who sets another endpoint means it. */
function environmentOf(step: AdapterStep): Record<string, string> {
  const { endpoint, randomSeed } = step;
  return {
    ...(endpoint === null ? {} : endpointVariables(endpoint)),
    ...step.env,
    STEPWELL_RUN_ID: step.runId,
    STEPWELL_FRAMEWORK: step.framework,
    STEPWELL_STEP: String(step.step),
    STEPWELL_STEP_NAME: step.name,
    STEPWELL_ATTEMPT: String(step.attempt),
    STEPWELL_MODEL: step.model,
    STEPWELL_WORKSPACE: step.workspace,
    STEPWELL_PROMPT_FILE: step.promptFile,
    ...(randomSeed === null ? {} : { STEPWELL_RANDOM_SEED: String(randomSeed) }),
  };
}

function commandOf(run: AdapterRun<CommandSettings>): readonly [string, ...string[]] {
  const [program, ...args] = run.settings.command ?? [];
  if (program === undefined) throw commandError('COMMAND_MISSING', {});
  return [program, ...args];
}

/** PATH for frameworks: this Node's directory comes last, so that it is used only when there is no other Node. */
export function parentPath(): string {
  return [process.env['PATH'] ?? '', dirname(process.execPath)].join(delimiter);
}

/** The values behind {prompt}, {prompt_file}, {workspace} and {step}. */
export interface Placeholders {
  readonly prompt: string;
  readonly prompt_file: string;
  readonly workspace: string;
  readonly step: string;
}

const PLACEHOLDER = /\{(prompt|prompt_file|workspace|step)\}/g;

/** Replaces the placeholders of each argument in one pass: replaced text is not expanded again. Other {…} are left alone. */
export function fillPlaceholders(args: readonly string[], values: Placeholders): string[] {
  return args.map((arg) => arg.replace(PLACEHOLDER, (_match, name: keyof Placeholders) => values[name]));
}

/** Whether an argument carries the prompt; otherwise it is written to stdin. */
export function hasPromptPlaceholder(args: readonly string[]): boolean {
  return args.some((arg) => /\{prompt(_file)?\}/.test(arg));
}
