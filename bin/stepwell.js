#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`error: stepwell needs Node.js 22.19 or newer, and this is ${process.versions.node}.\n`);
  const own = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));
  const before = existsSync(`${own}/node`) ? `, or type this before: export PATH='${own}':"$PATH"` : '';
  process.stderr.write(`fix: Install a newer Node.js${before}\n`);
  process.exit(2);
}
module.enableCompileCache?.();
const { main } = await import('../dist/cli/index.js');
process.exitCode = await main(process.argv.slice(2));
