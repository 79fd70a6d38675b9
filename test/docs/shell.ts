/** Runs a code block of a page as a reader would who pastes it into a shell. */
import { spawn } from 'node:child_process';

/** What the README tells a reader to type to set the project up; `.ci/run` executes it, in a checkout without packages. */
const SET_UP = new Set(['npm start', 'npm test']);
const TIME_LIMIT_MS = 180_000;

export interface Place {
  /** The directory in which the commands are typed. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface Ended {
  /** The exit code; null when a signal ended it. */
  readonly status: number | null;
  /** stdout and stderr in the order in which they were read. */
  readonly output: string;
}

/** Ends when the program has ended and its output is closed. The event loop is free meanwhile, for servers of the test. */
export async function runProgram(file: string, args: readonly string[], { cwd, env }: Place): Promise<Ended> {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT_MS });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { status, output };
}

/** `sh` with each command's expected exit code: the one named by `# exits N`, otherwise 0. */
export function runShell(text: string, place: Place): Promise<Ended> {
  const script = text
    .split('\n')
    .filter((line) => !SET_UP.has(line.replace(/\s+#.*$/, '').trim()))
    .map((line) => {
      const expected = /^(.*\S)\s+#.*\bexits (\d+)\b/.exec(line);
      return expected
        ? `set +e; ${expected[1]}; code=$?; set -e; [ $code -eq ${expected[2]} ] || { echo "exit code $code"; exit 1; }`
        : line;
    })
    .join('\n');
  return runProgram('sh', ['-e', '-c', script], place);
}
