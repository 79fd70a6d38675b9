/** The command line. What a command needs is loaded when that command runs, so that starting costs little. */
import { readFileSync } from 'node:fs';

/**
 * Runs one command line and returns its exit code (see `ExitCode`). Never throws.
 *
 * @param args without node and script: `['list', '--runs-dir', 'runs']`
 */
export async function main(args: readonly string[]): Promise<number> {
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const { runCommandLine } = await import('./command-line.ts');
  return runCommandLine(args);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}

// Started as a file (node src/cli/index.ts), not imported by bin/stepwell.js.
if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
