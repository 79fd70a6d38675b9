/** The command line in a real pseudo-terminal. */
import { runInTerminal } from '../exec/terminal.ts';
import { cleanEnv, CLI } from './child.ts';

/** What `stepwell` shows in `cwd` on a terminal, and `exit` with its code; `keys` are typed at its first question. */
export async function shownInTerminal(cwd: string, keys: string, args: readonly string[]): Promise<string> {
  return await runInTerminal([{ at: '[y/N]', text: keys }], [CLI, ...args], { cwd, env: cleanEnv({ NO_COLOR: '1' }) });
}
