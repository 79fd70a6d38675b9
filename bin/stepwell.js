#!/usr/bin/env node
import module from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`error: stepwell needs Node.js 22.19 or newer, and this is ${process.versions.node}.\n`);
  process.stderr.write('fix: Install a newer Node.js; inside a clone, node_modules/.bin/node is one (put it first on PATH).\n');
  process.exit(2);
}
module.enableCompileCache?.();
const { main } = await import('../dist/cli.js');
process.exitCode = await main(process.argv.slice(2));
