/** `stepwell completion`: scripts for three shells, made from the same definitions as the help. */
import { ExitCode } from '../../errors.ts';
import { write } from '../output.ts';
import { bashScript, fishScript, zshScript } from '../completion.ts';
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
