/** The command line in a real pseudo-terminal. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnv, CLI } from './child.ts';

const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', 'import pty']);
    return true;
  } catch {
    return false;
  }
})();
export const needsPty = { skip: !hasPython && 'needs python3 with its pty module' };

/** Runs its arguments in a pseudo-terminal, types `stdin` at the first question, and prints the exit code at the end. */
const IN_A_TERMINAL = `
import os, pty, sys
keys = sys.stdin.buffer.read()
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
    if keys and b'[y/N]' in seen:
        os.write(fd, keys)
        keys = b''
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(seen.replace(b'\\r\\n', b'\\n'))
print('exit', os.waitstatus_to_exitcode(status))
`;

/** What `stepwell` shows in `cwd` on a terminal of 80 columns, and `exit` with its code; `keys` are typed at its first question. */
export async function typed(cwd: string, keys: string, args: readonly string[]): Promise<string> {
  const child = spawn('python3', ['-c', IN_A_TERMINAL, process.execPath, CLI, ...args], {
    cwd,
    env: cleanEnv({ NO_COLOR: '1' }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  child.stdin.end(keys);
  await once(child, 'close');
  return text;
}
