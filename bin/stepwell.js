#!/usr/bin/env node
/**
 * Starts the command line: a clone runs its sources as they are, a package its dist/. Older versions of Node must be able to
 * read this file, so that they can start the clone's own Node, or else say what to do.
 */
import { existsSync } from 'node:fs';
import module from 'node:module';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const pathOf = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const sources = pathOf('src/cli/index.ts');
const start = [sources, pathOf('dist/cli/index.js')].find((file) => existsSync(file));
// Sources use syntax that Node 22 does not have; in dist/ it is translated.
const needed = start === sources ? '24.3' : '22.19';

if (isOlder(process.versions.node, needed)) {
  const ended = await startUnder(pathOf('node_modules/.bin/node'));
  if (ended === null) {
    const orInstall = start === sources ? ', or type `npm ci` in the clone: on Linux x64 it brings its own' : '';
    fail(
      `stepwell needs Node.js ${needed} or newer${start === sources ? ' in a clone' : ''}, and this is ${process.versions.node}.`,
      `Install a newer Node.js${orInstall}.`,
    );
  } else if (ended.signal === null) {
    process.exitCode = ended.code;
  } else {
    process.kill(process.pid, ended.signal);
  }
} else if (start === undefined) {
  fail(
    'This copy of stepwell was never built: npm ran no scripts when it was installed from git, or packed.',
    'Install or pack it again with `--ignore-scripts=false`.',
  );
} else {
  // Also keeps the sources with their types stripped, so that they start as fast as dist/.
  module.enableCompileCache?.();
  const { main } = await import(start);
  process.exitCode = await main(process.argv.slice(2));
}

function isOlder(version, than) {
  const [major, minor] = version.split('.').map(Number);
  const [neededMajor, neededMinor] = than.split('.').map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}

function fail(sentence, fix) {
  process.stderr.write(`error: ${sentence}\nfix: ${fix}\n`);
  process.exitCode = 2;
}

/** Starts this again under `node`, which gets every signal. How it ended; null when it cannot be started. */
async function startUnder(node) {
  if (!existsSync(node)) return null;
  const { spawn } = await import('node:child_process');
  const { PATH = '' } = process.env;
  // The name by which this was called is how to call it again, unless only the longer PATH below has it.
  const isOnPath = PATH.split(delimiter).includes(dirname(process.argv[1]));
  const program = isOnPath ? process.argv[1] : fileURLToPath(import.meta.url);
  // As with npx and the runners, what a run starts as `node` is this one too.
  const env = { ...process.env, PATH: [dirname(node), PATH].join(delimiter) };
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit', env });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  const passOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve) => {
    const settle = (ended) => {
      for (const signal of signals) process.off(signal, passOn);
      resolve(ended);
    };
    child.on('error', () => settle(null));
    child.on('exit', (code, signal) => settle({ code, signal }));
  });
}
