/** Writes docs/cli.md from the help of the command line. `--check` compares and writes nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildProgram } from '../src/cli/program.ts';

const PLACE = fileURLToPath(new URL('../docs/cli.md', import.meta.url));

/** The text that docs/cli.md should have. */
export function cliDocs(): string {
  const program = buildProgram(() => Promise.resolve());
  const sections = program.commands.map((command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 90, getOutHasColors: () => false });
    command.outputHelp();
    return `## stepwell ${command.name()}\n\n\`\`\`text\n${help.trim()}\n\`\`\`\n`;
  });
  const list = program.commands.map((command) => `- [\`${command.name()}\`](#stepwell-${command.name()})`);
  return `# Commands

This page is generated from the help of the command line (\`node scripts/generate-cli-docs.ts\`).

In a clone, or in a project where the package is installed, type \`npx stepwell …\`. Type \`stepwell …\` where
\`node_modules/.bin\` of the clone or the project is first on PATH.

A run is given by the first characters of its id, its last four, \`latest\`, any of these after \`<framework>/\`,
or the path of its directory or archive.

${list.join('\n')}

## Exit codes

| code | meaning |
|---|---|
| 0 | success |
| 1 | stepwell itself failed, its output could not be written, or a record is incomplete; from \`reconcile\`: a provider could not be read |
| 2 | wrong usage or configuration; nothing was started |
| 3 | \`verify\` found a difference, or \`reconcile\` a mismatch |
| 4 | from \`run\` only: a run did not succeed; its record is complete |
| 129, 130, 143 | the terminal was closed, Ctrl-C was typed, or the process was asked to terminate; the record is complete unless a second signal forced the exit: \`recover\` then completes it |

An error is two lines on stderr, \`error[CODE]: …\` and \`fix: …\`. [errors.md](errors.md) lists all codes. With
\`--json\` it is one line of JSON on stderr instead: \`{"error":{"code":"RUN_NOT_FOUND","message":"…","fix":"…"}}\`.
\`summary --format json\` does the same. An unexpected error has no code: \`error: …\`, and null in JSON. With
\`STEPWELL_DEBUG=1\` the stack trace follows; in JSON it is the field \`stack\`.

## Output

Results go to stdout. Everything else goes to stderr: the progress of \`run\`, questions, warnings and errors.
If stderr is not a terminal, or \`CI\` is set, progress is printed as plain lines. \`NO_COLOR\` switches colors
off, \`FORCE_COLOR\` switches them on.

A \`+\` after a number of tokens means "at least". What was not measured is \`unknown\`.

Control characters and invisible characters of a log are shown as codes (\`\\x1b\`, \`\\u202e\`), and the further
lines of a message are indented. So no record can change your terminal or look like another record. \`run
--console LEVEL\` shows records on a terminal as \`logs\` does. Into a file or a pipe it writes one line of JSON
each, with the same characters escaped, and no progress between them.

A reader that stops early (\`| head\`) is not an error. A run continues without it. It also continues when its
output cannot be written; that is reported at once, and the exit code is 1.

${sections.join('\n')}`;
}

if (import.meta.main) {
  const text = cliDocs();
  if (!process.argv.includes('--check')) writeFileSync(PLACE, text);
  else if (readFileSync(PLACE, 'utf8') !== text) {
    console.error('error: docs/cli.md is not what the help says.\nfix: node scripts/generate-cli-docs.ts');
    process.exitCode = 1;
  }
}
