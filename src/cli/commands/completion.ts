/**
 * `stepwell completion`: scripts for three shells, made from the same definitions as the help. Names of commands and options are
 * written into them; names of runs are asked for when needed.
 */
import type { Command, Option } from 'commander';
import { ExitCode } from '../../errors/index.ts';
import { write } from '../output.ts';
import { buildProgram } from '../program.ts';
import { cliError } from '../errors.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export async function run([shell = '']: readonly string[]): Promise<number> {
  if (!Object.hasOwn(SCRIPTS, shell)) {
    throw cliError('UNKNOWN_NAME', { kind: 'shell', value: shell, known: Object.keys(SCRIPTS) });
  }
  const program = buildProgram(() => Promise.resolve());
  await write(SCRIPTS[shell as keyof typeof SCRIPTS](program));
  return ExitCode.ok;
}

const TAKES_RUN = ['show', 'logs', 'summary', 'verify', 'recover', 'reconcile'];
const WORDS: Readonly<Record<string, readonly string[]>> = { completion: ['bash', 'zsh', 'fish'] };
/** Options whose value is a run. */
const RUN_VALUES = ['--replay'];
/** A field of all runs, newest first. */
const listed = (field: string): string => `stepwell list --json 2>/dev/null | sed -n 's/.*"${field}":"\\([^"]*\\)".*/\\1/p'`;
const RUN_IDS = listed('run_id');
const FRAMEWORKS = `${listed('framework')} | sort -u`;

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

function flagsOf(command: Command): string[] {
  return optionsOf(command).flatMap((option) =>
    [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
  );
}

/** Options whose value is one of a few words. */
function choicesOf(command: Command): { flag: string; choices: readonly string[] }[] {
  return optionsOf(command).flatMap((option) =>
    option.argChoices === undefined || option.long === undefined || option.long === null
      ? []
      : [{ flag: option.long, choices: option.argChoices }],
  );
}

/** Options with a value that is neither a file nor one of a few words. */
function valuesOf(command: Command): string[] {
  return optionsOf(command).flatMap(({ required, argChoices, short, long }) =>
    required && argChoices === undefined && long !== '--config' && long !== '--runs-dir'
      ? [short, long].filter((flag) => flag !== undefined && flag !== null)
      : [],
  );
}

function bashScript(program: Command): string {
  const cases = program.commands.map((command) => {
    const name = command.name();
    const choices = choicesOf(command).map(({ flag, choices }) => `        ${flag}) words="${choices.join(' ')}" ;;`);
    const runs = `latest $(${RUN_IDS})`;
    const names = name === 'reconcile' ? `$(${FRAMEWORKS}) ${runs}` : runs;
    const positional = TAKES_RUN.includes(name) ? names : (WORDS[name] ?? []).join(' ');
    return [
      `    ${name})`,
      '      case "$previous" in',
      ...choices,
      ...valuesOf(command).map((flag) => `        ${flag}) ${RUN_VALUES.includes(flag) ? `words="${runs}"` : 'return'} ;;`),
      '        --config) compopt -o default; COMPREPLY=(); return ;;',
      '        --runs-dir) compopt -o dirnames; COMPREPLY=(); return ;;',
      `        *) if [[ $current == -* ]]; then words="${flagsOf(command).join(' ')}"; else words="${positional}"; fi ;;`,
      '      esac ;;',
    ].join('\n');
  });
  return `# bash completion of stepwell; load it with: source <(stepwell completion bash)
_stepwell() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=""
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${program.commands.map((command) => command.name()).join(' ')} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _stepwell stepwell
`;
}

function zshQuoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', '\\:');
}

function zshScript(program: Command): string {
  const commands = program.commands.map((command) => `    '${command.name()}:${zshQuoted(command.description())}'`);
  const cases = program.commands.map((command) => {
    const name = command.name();
    const options = optionsOf(command).flatMap((option) => {
      const value = option.required || option.optional ? `:value:${valuesFor(option)}` : '';
      return [option.short, option.long]
        .filter((flag) => flag !== undefined && flag !== null)
        .map((flag) => `      '${flag}[${zshQuoted(option.description)}]${value}'`);
    });
    const words = WORDS[name];
    const rest = TAKES_RUN.includes(name)
      ? `'*:run:${name === 'reconcile' ? '_stepwell_frameworks_and_runs' : '_stepwell_runs'}'`
      : words === undefined
        ? `'*:name:'`
        : `'*:name:(${words.join(' ')})'`;
    return `    ${name})\n      _arguments \\\n${[...options, `      ${rest}`].join(' \\\n')} ;;`;
  });
  return `#compdef stepwell
# zsh completion of stepwell; put it into a directory of $fpath as _stepwell
_stepwell_runs() {
  local -a runs
  runs=(latest \${(f)"$(${RUN_IDS})"})
  compadd -a runs
}
_stepwell_frameworks_and_runs() {
  local -a frameworks
  frameworks=(\${(f)"$(${FRAMEWORKS})"})
  compadd -a frameworks
  _stepwell_runs
}
_stepwell() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT -= 1 ))
  case $name in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _stepwell ]]; then _stepwell "$@"; else compdef _stepwell stepwell; fi
`;
}

function valuesFor(option: Option): string {
  if (option.argChoices !== undefined) return `(${option.argChoices.join(' ')})`;
  if (option.long === '--config') return '_files';
  if (option.long !== undefined && option.long !== null && RUN_VALUES.includes(option.long)) return '_stepwell_runs';
  return option.long === '--runs-dir' ? '_directories' : '';
}

function fishQuoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}

/** A command with backslashes, between double quotes. */
function inFishQuotes(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

function fishScript(program: Command): string {
  const lines = program.commands.flatMap((command) => {
    const name = command.name();
    const here = `complete -c stepwell -n '__fish_seen_subcommand_from ${name}'`;
    const runs = `"latest (${inFishQuotes(RUN_IDS)})"`;
    const options = optionsOf(command).map((option) => {
      const short = option.short === undefined || option.short === null ? '' : ` -s ${option.short.slice(1)}`;
      const long = option.long === undefined || option.long === null ? '' : ` -l ${option.long.slice(2)}`;
      const files = option.long === '--config' || option.long === '--runs-dir' ? ' -r -F' : ' -x';
      const value = option.required || option.optional ? files : '';
      const takesRun = option.long !== undefined && option.long !== null && RUN_VALUES.includes(option.long);
      const choices = takesRun ? ` -a ${runs}` : option.argChoices === undefined ? '' : ` -a '${option.argChoices.join(' ')}'`;
      return `${here}${short}${long}${value}${choices} -d '${fishQuoted(option.description)}'`;
    });
    const words = TAKES_RUN.includes(name) ? [`${here} -a ${runs}`] : [];
    if (name === 'reconcile') words.push(`${here} -a "(${inFishQuotes(FRAMEWORKS)})"`);
    const fixed = WORDS[name] === undefined ? [] : [`${here} -a '${WORDS[name].join(' ')}'`];
    return [
      `complete -c stepwell -n __fish_use_subcommand -a ${name} -d '${fishQuoted(command.description())}'`,
      ...options,
      ...words,
      ...fixed,
    ];
  });
  return `# fish completion of stepwell; put it into ~/.config/fish/completions/stepwell.fish\ncomplete -c stepwell -f\n${lines.join('\n')}\n`;
}
