/** For frameworks that are written in Python, or generate Python. */
import { describeOutcome, runProgram } from '../exec/index.ts';
import type { AdapterStep, FrameworkClaim } from '../run/index.ts';

/** Prints `path:line: message` for each file below the current directory that does not parse; at most ten. */
const SYNTAX_CHECK = `
import ast, os, sys
bad = []
for top, dirs, files in os.walk('.'):
    dirs[:] = sorted(d for d in dirs if d not in ('.venv', 'venv', 'node_modules', '__pycache__', '.git'))
    for name in sorted(files):
        if not name.endswith('.py'): continue
        path = os.path.relpath(os.path.join(top, name))
        if not os.path.isfile(path): continue
        try:
            with open(path, 'rb') as file: ast.parse(file.read(), path)
        except (SyntaxError, ValueError, OSError, RecursionError, MemoryError) as error:
            bad.append('%s:%s: %s' % (path, getattr(error, 'lineno', None) or 0, str(getattr(error, 'msg', None) or error) or type(error).__name__))
for line in bad[:10]: print(line.replace('\\n', ' '))
`;

/** Success only if every Python file of the workspace parses. Throws when the check itself failed. */
export async function claimAfterSyntaxCheck(step: AdapterStep, python: string): Promise<FrameworkClaim> {
  const broken = await syntaxErrors(step, python);
  if (broken.length === 0) return { status: 'success' };
  for (const line of broken) step.log.warn(`Not Python: ${line}`);
  return { status: 'failure', reason: 'framework_failed', message: `it claims success, but wrote ${broken[0]}` };
}

/** One line for each `.py` file of the workspace that does not parse. Throws when the check itself failed. */
export async function syntaxErrors(step: AdapterStep, python: string): Promise<string[]> {
  const lines: string[] = [];
  const { outcome } = await runProgram({
    command: [python, '-I', '-B', '-X', 'utf8', '-c', SYNTAX_CHECK],
    cwd: step.workspace,
    env: step.env,
    graceMs: step.shutdownGraceSeconds * 1000,
    signal: step.signal,
    processTag: step.processTag,
    onLine: ({ stream, text }) => void (stream === 'stdout' && lines.push(text)),
  });
  step.signal.throwIfAborted();
  if (outcome.status === 'exited' && outcome.exitCode === 0) return lines;
  throw new Error(`the syntax of the workspace's Python files could not be checked with ${python}: ${describeOutcome(outcome)}`);
}

/** No bytecode is written into the shared installation, output is unbuffered, files are UTF-8 in every locale. */
export const PYTHON_ENVIRONMENT = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1' } as const;
