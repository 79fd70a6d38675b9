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
const RUN_ARGUMENT = 'first characters of the run id, its last four, `latest`, or the path of a run directory or archive';

export function buildProgram(dispatch: Dispatch): Command {
  const program = new Command('stepwell')
    .description('Run multi-step experiments on LLM software-generation frameworks and keep a complete record of every run.')
    .option('-V, --version', 'print the version')
    .helpCommand('help [command]', 'print this help, or the help of a command')
    .addHelpText(
      'after',
      '\nAdd --help to a command for its details and examples.\nIf `stepwell` is not on PATH, type `npx stepwell`.',
    );
  // The first argument is enough in the list of commands: a wide column leaves no room to say what they do.
  program.configureHelp({
    subcommandTerm: (command) => new Help().subcommandTerm(command).replace(/(\[options\] \S+) .*/, '$1'),
  });
  // Commander takes options before the command as its own; ours follow it.
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
      'Run an experiment: all steps on each framework. Every run is recorded, validated and sealed.',
      'run baseline',
      'run all 3 --jobs 2 --model gpt-4o-mini',
      'run baseline --replay latest',
    )
      .argument(
        '<frameworks...>',
        'frameworks of the configuration, or `all`; a final number is the number of rounds (default: 1)',
      )
      .usage('[options] <framework...|all> [rounds]')
      .option('-j, --jobs <count>', 'number of parallel runs (default: STEPWELL_JOBS, or 1)')
      .option('--steps <ids>', 'only these steps, such as 1,3-5')
      .option('--model <name>', 'model to use instead of the configured one')
      .option('--rehearse', 'use the scripted offline model; costs nothing')
      .option('--record', 'record requests and answers in cassette.jsonl of each run, for --replay')
      .option('--replay <run>', 'answer from the cassette of this run; calls no model')
      .option('--replay-loose', 'with --replay: answer an unknown request with the next recorded answer, with a warning')
      .option('--dry-run', 'print the plan and any blocking problems; start nothing')
      .option('--json', 'print only JSON: one line at launch, one for each finished run')
      .addOption(new Option('--console <level>', 'also print log records of at least this level to stderr').choices(LEVEL_NAMES)),
  );
  common(
    add('list', 'List all runs, newest first.', 'list', 'list --json | jq -r .run_id')
      .option('--rebuild', 'rebuild the index from the run directories')
      .option('--json', 'print one line of JSON for each run'),
  );
  common(
    add(
      'compare',
      'Compare frameworks across their runs: success, steps, calls, tokens, cost, time, downtime and CRUD score.',
      'compare',
      'compare baes chatdev --markdown',
    )
      .argument('[frameworks...]', 'only these (default: every framework that has runs)')
      .addOption(new Option('--json', 'print one line of JSON for each framework, model and kind of run').conflicts('markdown'))
      .option('--markdown', 'print a Markdown table'),
  );
  common(
    add('show', 'Show one run: status, figures, and the size of each log.', 'show latest')
      .argument('<run>', RUN_ARGUMENT)
      .option('--json', 'print all known facts about the run as JSON'),
  );
  common(
    add(
      'logs',
      'Print the log records of a run, all log files merged in order.',
      'logs latest --step 3 --component adapter',
      'logs -f latest --level warn',
    )
      .argument('<run>', RUN_ARGUMENT)
      .option('-f, --follow', 'keep following until the run ends')
      .option('--step <ids>', 'only these steps, such as 3 or 1,3-5')
      .option('--component <names>', 'only these components, such as adapter or adapter,metrics')
      .addOption(new Option('--level <level>', 'only records of at least this level').choices(LEVEL_NAMES))
      .option('--grep <pattern>', 'only records that match this regular expression')
      .option('--json', 'print each record as one line of JSON, with metadata and stack traces'),
  );
  common(
    add('summary', 'Print the summary of a run, computed from its logs or its archive.', 'summary k3f9 --format markdown')
      .argument('<run>', RUN_ARGUMENT)
      .addOption(new Option('--format <format>', 'output format').choices(['text', 'markdown', 'json']).default('text')),
  );
  common(
    add(
      'verify',
      'Verify a sealed run: check every byte of its archive and recompute every figure from its logs. Exit code 3 on a difference.',
      'verify latest',
    )
      .argument('<run>', RUN_ARGUMENT)
      .option('--json', 'print the report as JSON'),
  );
  common(
    add(
      'recover',
      'Recover a crashed run: kill its leftover processes, complete its logs and seal it with the status crashed.',
      'recover --all',
    )
      .argument('[run]', RUN_ARGUMENT)
      .option('--all', 'all crashed runs')
      .option('--force', 'also recover a run of another host')
      .option('--json', 'print one line of JSON for each run'),
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
      .argument('[framework]', 'only runs of this framework; or, alone, one run')
      .argument(
        '[run]',
        'first characters of the run id, its last four, `latest`, or its path; reads it whatever its age and state',
      )
      .option('--min-age <minutes>', 'skip runs that ended less than this ago (default: as configured for the run, 30)')
      .option('--max-age <hours>', 'runs that ended longer ago get one final reading (default: as configured for the run, 168)')
      .addOption(new Option('--force', 'also read runs that are too young or already settled').conflicts('list'))
      .option('--list', 'list pending runs and why; makes no API calls')
      .option('-v, --verbose', 'also show costs, steps and settled runs; with --list, all runs by state')
      .addOption(new Option('--watch', 'repeat until every run is settled').conflicts('list'))
      .option('--json', 'one JSON document; with --watch, one line for each result and each round')
      .option('--api-key-id <id>', 'count only usage of this API key (default: as configured for the run)')
      .option('--project-id <id>', 'OpenAI: count only usage of this project')
      .option('--workspace-id <id>', 'Anthropic: count only usage of this workspace'),
  );
  common(
    add(
      'setup',
      'Install frameworks: fetch each at its pinned commit and create its Python environment, once for all runs.',
      'setup baes',
      'setup all',
    )
      .argument('<frameworks...>', 'frameworks to set up; `all`: those of the configuration')
      .option('--json', 'print one line of JSON for each framework'),
  );
  common(
    add(
      'init',
      'Create an example experiment: config/ with prompts and the clarification text, and a .gitignore. Overwrites nothing.',
      'init my-experiment',
    ).argument('[dir]', 'target directory (default: the current directory)'),
  );
  common(
    add(
      'doctor',
      'Check this machine and each framework of the configuration, and print how to fix what is missing.',
      'doctor',
    ).option('--json', 'print the findings as JSON'),
  );
  common(
    add('schema', 'Print the JSON Schema of a file that stepwell reads or writes.', 'schema experiment', 'schema').argument(
      '[name]',
      'name of the schema; without it, list all names',
    ),
  );
  common(
    add(
      'completion',
      'Print a shell completion script for commands, options and runs.',
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
    .option('--config <file>', 'configuration file (default: STEPWELL_CONFIG, or config/experiment.yaml)')
    .option('--runs-dir <dir>', 'directory of all runs (default: STEPWELL_RUNS_DIR, or runs)');
}
