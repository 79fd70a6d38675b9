/** Parses the command line, loads the command that was typed, and turns what it throws into an exit code. */
import { CommanderError, type Command } from 'commander';
import { ExitCode, type StepwellError } from '../errors/index.ts';
import { cliError } from './errors.ts';
import { reportFailure, reportFailuresAsJson } from './failure.ts';
import { columnsOf } from './output.ts';
import type { CommonOptions } from './runs-dir.ts';
import { buildProgram, type CommandName } from './program.ts';

/** What a command module exports as `run`. @returns the exit code */
type CommandRun<Options> = (args: readonly string[], options: Options) => Promise<number>;

// Each module checks what it is given; commander has filled in exactly the options that program.ts defines for it.
const modules: Record<CommandName, () => Promise<{ run: CommandRun<never> }>> = {
  run: () => import('./commands/run.ts'),
  list: () => import('./commands/list.ts'),
  compare: () => import('./commands/compare.ts'),
  show: () => import('./commands/show.ts'),
  logs: () => import('./commands/logs.ts'),
  summary: () => import('./commands/summary.ts'),
  verify: () => import('./commands/verify.ts'),
  recover: () => import('./commands/recover.ts'),
  reconcile: () => import('./commands/reconcile.ts'),
  setup: () => import('./commands/setup.ts'),
  init: () => import('./commands/init.ts'),
  doctor: () => import('./commands/doctor.ts'),
  schema: () => import('./commands/schema.ts'),
  completion: () => import('./commands/completion.ts'),
};

/** @param args without node and script */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.ok;
  /** What commander found wrong. */
  let invalid: StepwellError | null = null;
  const program = buildProgram(async (name, given, options) => {
    const { run } = await modules[name]();
    const { config, runsDir, json, format } = options as CommonOptions & { json?: boolean; format?: string };
    if (json === true || format === 'json') reportFailuresAsJson();
    // Most commands read no configuration, but a wrong name is wrong everywhere.
    if (config !== undefined || runsDir !== undefined) {
      const { requireFile, resolveSettings } = await import('../config/settings.ts');
      resolveSettings(['config', 'runsDir'], { flags: { config, runsDir }, env: {} });
      if (config !== undefined) requireFile(config);
    }
    exitCode = await run(
      given.flat().filter((arg): arg is string => typeof arg === 'string'),
      options as never,
    );
  });
  forEachCommand(program, (command) => {
    command.exitOverride().configureOutput({
      getOutHelpWidth: () => columnsOf(process.stdout, 100),
      getErrHelpWidth: () => columnsOf(process.stderr, 100),
      outputError: (text) => {
        // Commander puts its guess on a line of its own.
        const problem = text
          .replace(/^error: /, '')
          .trimEnd()
          .replace(/\n(?=\(Did you mean )/, ' ');
        invalid = cliError('COMMAND_LINE_INVALID', { problem, command: nameOf(command) });
      },
    });
  });
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return ExitCode.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return reportFailure(thrown);
    if (invalid !== null) {
      if (wantsJson(args)) reportFailuresAsJson();
      return reportFailure(invalid);
    }
    return thrown.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  }
}

/** Read from what was typed, since commander has not parsed all of it. */
function wantsJson(args: readonly string[]): boolean {
  return args.some((arg, at) => arg === '--json' || arg === '--format=json' || (arg === '--format' && args[at + 1] === 'json'));
}

function nameOf(command: Command): string | null {
  return command.parent === null ? null : command.name();
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}
