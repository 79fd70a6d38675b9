/** Programs in a real pseudo-terminal. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', 'import pty']);
    return true;
  } catch {
    return false;
  }
})();
export const needsPty = { skip: !hasPython && 'needs python3 with its pty module' };

export const CTRL_C = '\x03';

/** What is typed as soon as `at` has been shown, and `seconds` have passed; null closes the terminal. */
export interface Typing {
  readonly at: string;
  readonly text: string | null;
  readonly seconds?: number;
}

const IN_A_TERMINAL = `
import json, os, pty, sys, time
keys = json.load(sys.stdin)
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b''
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data
    while keys and keys[0]['at'].encode() in seen:
        time.sleep(keys[0].get('seconds', 0))
        if keys[0]['text'] is None:
            os.close(fd)
        else:
            os.write(fd, keys[0]['text'].encode())
        keys.pop(0)
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(seen.replace(b'\\r\\n', b'\\n'))
print('exit', os.waitstatus_to_exitcode(status))
`;

/** Runs a Node.js program on a terminal of 80 columns. Resolves with what it showed, and `exit` with its code at the end. */
export async function runInTerminal(
  typing: readonly Typing[],
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const terminal = spawn('python3', ['-c', IN_A_TERMINAL, process.execPath, ...args], {
    ...options,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  terminal.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  terminal.stdin.end(JSON.stringify(typing));
  await once(terminal, 'close');
  return text;
}
