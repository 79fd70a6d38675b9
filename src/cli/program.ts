/** Every command with its arguments, options and an example: the one source of help, completion and docs/cli.md. */
import { Command, Help, Option } from 'commander';

export const COMMANDS = [
  'run',
  'list',
  'compare',
  'show',
  'logs',
  'summary',
  'verify',
  'recover',
  'reconcile',
  'setup',
  'init',
  'doctor',
  'schema',
  'completion',
] as const;
export type CommandName = (typeof COMMANDS)[number];

/** Called for the command that was typed, with its arguments and options as commander parsed them. */
export type Dispatch = (command: CommandName, args: readonly unknown[], options: unknown) => Promise<void>;

const LEVEL_NAMES = ['debug', 'info', 'warn', 'error', 'fatal'];
const RUN_ARGUMENT = 'its first characters, its last four, `latest`, or the path of a run directory or archive';

export function buildProgram(dispatch: Dispatch): Command {
  const program = new Command('stepwell')
    .description('Run multi-step experiments on LLM software-generation frameworks and keep everything a run said and did.')
    .option('-V, --version', 'print the version')
    .helpCommand('help [command]', 'the same as --help')
    .addHelpText('after', '\n`stepwell <command> --help` says more, with an example each.');
  // The first argument is enough in the list of commands: a wide column leaves no room to say what they do.
  program.configureHelp({
    subcommandTerm: (command) => new Help().subcommandTerm(command).replace(/(\[options\] \S+) .*/, '$1'),
  });
  // Commander takes options before the command as its own; ours stand after it.
  program.enablePositionalOptions();

  const add = (name: CommandName, description: string, ...examples: string[]): Command => {
    const command = program.command(name).description(description).allowExcessArguments(false);
    command.action(async (...given: unknown[]) => {
      await dispatch(name, given.slice(0, -2), command.opts());
    });
    const heading = examples.length === 1 ? 'Example:' : 'Examples:';
    command.addHelpText('after', `\n${[heading, ...examples.map((example) => `  $ stepwell ${example}`)].join('\n')}`);
    return command;
  };

  common(
    add(
      'run',
      'Run an experiment: every step on every framework named, each run recorded, validated and sealed.',
      'run baseline',
      'run all 3 --jobs 2 --model gpt-4o-mini',
      'run baseline --replay latest',
    )
      .argument('<frameworks...>', 'frameworks of the configuration, or `all`; a number at the end is the rounds (default: 1)')
      .usage('[options] <framework...|all> [rounds]')
      .option('-j, --jobs <count>', 'runs at the same time (default: STEPWELL_JOBS, or 1)')
      .option('--steps <ids>', 'only these steps, such as 1,3-5')
      .option('--model <name>', 'the model, instead of the configured one')
      .option('--rehearse', 'let the scripted offline model answer; costs nothing')
      .option('--record', 'keep what is asked and answered on a cassette in each run directory, for --replay')
      .option('--replay <run>', 'answer from the cassette of this recorded run; no model is asked')
      .option('--replay-loose', 'with --replay: the next recorded answer for a request that was not recorded, with a warning')
      .option('--dry-run', 'print the plan and any blocking problems; start nothing')
      .option('--json', 'print one line of JSON at the launch and one for each run that is done, nothing else')
      .addOption(new Option('--console <level>', 'show log records of at least this level on stderr').choices(LEVEL_NAMES)),
  );
  common(
    add('list', 'List all runs, newest first.', 'list', 'list --json | jq -r .run_id')
      .option('--rebuild', 'rebuild the index from the run directories')
      .option('--json', 'one line of JSON for each run'),
  );
  common(
    add(
      'compare',
      'Compare frameworks across their runs: success, steps, calls, tokens, cost, time, downtime and CRUD score.',
      'compare',
      'compare baes chatdev --markdown',
    )
      .argument('[frameworks...]', 'only these (default: every framework that has runs)')
      .addOption(new Option('--json', 'one line of JSON for each framework, model and kind of run').conflicts('markdown'))
      .option('--markdown', 'a table for a report'),
  );
  common(
    add('show', 'Show one run: how it stands, its figures, and lines and bytes of each log.', 'show latest')
      .argument('<run>', RUN_ARGUMENT)
      .option('--json', 'print everything that is known about the run as JSON'),
  );
  common(
    add(
      'logs',
      'Print the log records of a run, all files merged in true order.',
      'logs latest --step 3 --component adapter',
      'logs -f latest --level warn',
    )
      .argument('<run>', RUN_ARGUMENT)
      .option('-f, --follow', 'keep following until the run ends')
      .option('--step <ids>', 'only these steps, such as 3 or 1,3-5')
      .option('--component <names>', 'only these components, such as adapter or adapter,metrics')
      .addOption(new Option('--level <level>', 'only records of at least this level').choices(LEVEL_NAMES))
      .option('--grep <pattern>', 'only records whose text matches this regular expression')
      .option('--json', 'print each record as one line of JSON, with its metadata and the stacks of errors'),
  );
  common(
    add(
      'summary',
      'Render the summary of a run from its logs, in its directory or inside its archive.',
      'summary k3f9 --format markdown',
    )
      .argument('<run>', RUN_ARGUMENT)
      .addOption(new Option('--format <format>', 'how to render it').choices(['text', 'markdown', 'json']).default('text')),
  );
  common(
    add(
      'verify',
      'Check a sealed run: its archive byte by byte, and every figure recomputed from the logs inside. Exit code 3 on a difference.',
      'verify latest',
    )
      .argument('<run>', RUN_ARGUMENT)
      .option('--json', 'print the report as JSON'),
  );
  common(
    add(
      'recover',
      'Finish the record of a run whose process is gone: end what it left running, complete the logs, seal it as crashed.',
      'recover --all',
    )
      .argument('[run]', RUN_ARGUMENT)
      .option('--all', 'every run whose process is gone')
      .option('--force', 'also a run that belongs to another host')
      .option('--json', 'one line of JSON for each run'),
  );
  common(
    add(
      'reconcile',
      'Compare the ledger with the provider’s usage API until several readings agree. Exit code 3 on a mismatch.',
      'reconcile',
      'reconcile baes latest --force',
      'reconcile --list --verbose',
      'reconcile --watch',
    )
      .usage('[options] [framework] [run]')
      .argument('[framework]', 'only its runs; or, alone, one run')
      .argument('[run]', 'its first characters, its last four, `latest`, or its path; read whatever its age and state')
      .option('--min-age <minutes>', 'leave runs alone that ended less than this ago (default: the run’s configuration, 30)')
      .option('--max-age <hours>', 'runs that ended longer ago get a last reading (default: the run’s configuration, 168)')
      .addOption(new Option('--force', 'also runs that are too young or settled').conflicts('list'))
      .option('--list', 'list pending runs and why; makes no API calls')
      .option('-v, --verbose', 'with --list all runs by state; else costs, steps and settled runs as well')
      .addOption(new Option('--watch', 'go on until every run is settled').conflicts('list'))
      .option('--json', 'one JSON document; with --watch a line for each result and each round')
      .option('--api-key-id <id>', 'count only use of this key, instead of what the run was made with')
      .option('--project-id <id>', 'OpenAI: only use of this project')
      .option('--workspace-id <id>', 'Anthropic: only use of this workspace'),
  );
  common(
    add(
      'setup',
      'Fetch frameworks at their pinned commits and make their Python environments, once for all runs.',
      'setup baes',
      'setup all',
    )
      .argument(
        '<frameworks...>',
        'frameworks of the configuration, or any that stepwell can set up; `all`: those of the configuration',
      )
      .option('--json', 'one line of JSON for each framework'),
  );
  common(
    add(
      'init',
      'Write an experiment to start from: config/ with prompts and the clarification text, and what git should ignore. Nothing is overwritten.',
      'init my-experiment',
    ).argument('[dir]', 'where (default: the current directory)'),
  );
  common(
    add(
      'doctor',
      'Say what is missing on this machine and how to get it, for each framework of the configuration.',
      'doctor',
    ).option('--json', 'print the findings as JSON'),
  );
  common(
    add('schema', 'Print the JSON Schema of a file that stepwell reads or writes.', 'schema experiment', 'schema').argument(
      '[name]',
      'which one; without it, their names',
    ),
  );
  common(
    add(
      'completion',
      'Print a script that completes commands, options and runs in your shell.',
      'completion bash > ~/.local/share/bash-completion/completions/stepwell',
      'completion zsh > "${fpath[1]}/_stepwell"',
      'completion fish > ~/.config/fish/completions/stepwell.fish',
    ).argument('<shell>', 'bash, zsh or fish'),
  );
  return program;
}

/** Options of every command. */
function common(command: Command): Command {
  return command
    .option('--config <file>', 'configuration (default: STEPWELL_CONFIG, or config/experiment.yaml)')
    .option('--runs-dir <dir>', 'directory of all runs (default: STEPWELL_RUNS_DIR, or runs)');
}
