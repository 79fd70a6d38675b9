/** Under a Node that is too old, bin/stepwell.js starts itself again under the clone's own and ends as that process ends. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cleanEnv, finished, PROGRAM } from '../cli/child.ts';

/** This Node, saying that it is 20. Its child is not told so. */
const PRETENDED = [
  process.execPath,
  '--import',
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})',
];

/** A real Node older than what the program needs: the one named by STEPWELL_TEST_OLD_NODE, else one on this machine. */
function findOldNode(): string | null {
  const named = process.env['STEPWELL_TEST_OLD_NODE'] ?? '';
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'node'));
  const candidates = named === '' ? [...onPath, '/usr/bin/node', '/usr/local/bin/node'] : [named];
  return candidates.find((file) => existsSync(file) && isOld(file)) ?? null;
}

function isOld(file: string): boolean {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  const [major = Infinity, minor = 0] = (stdout ?? '').trim().slice(1).split('.').map(Number);
  return major < 22 || (major === 22 && minor < 19);
}

const oldNode = findOldNode();
const noOldNode = oldNode === null && 'needs a Node older than 22.19: STEPWELL_TEST_OLD_NODE names one';

/** A clone in small: the real program, this Node as the clone's own, and a command line that does what its argument says. */
let clone: string;
before(() => {
  clone = mkdtempSync(join(tmpdir(), 'stepwell-old-node-'));
  for (const dir of ['bin', 'src/cli', 'node_modules/.bin']) mkdirSync(join(clone, dir), { recursive: true });
  copyFileSync(PROGRAM, join(clone, 'bin/stepwell.js'));
  symlinkSync(process.execPath, join(clone, 'node_modules/.bin/node'));
  symlinkSync('../../bin/stepwell.js', join(clone, 'node_modules/.bin/stepwell'));
  writeFileSync(join(clone, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(clone, 'src/cli/index.ts'),
    `export async function main([what, value]: string[]): Promise<number> {
  if (what === 'exit') return Number(value);
  if (what === 'version') console.log(process.version, process.env.PATH);
  if (what === 'die') process.kill(process.pid, value as NodeJS.Signals);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  if (what === 'wait') {
    for (const signal of signals) process.on(signal, () => (console.log(signal), process.exit(9)));
  }
  if (what === 'version') return 0;
  console.log('waiting');
  return new Promise(() => setInterval(() => {}, 1000));
}
`,
  );
});
after(() => rmSync(clone, { recursive: true, force: true }));

for (const [name, launcher] of [
  ['a Node that says it is 20', PRETENDED],
  ['a real old Node', oldNode === null ? null : [oldNode]],
] as const) {
  describe(`under ${name}`, { skip: launcher === null && noOldNode }, () => {
    const start = (...args: string[]): ReturnType<typeof spawn> => {
      const [node = '', ...options] = launcher ?? [];
      return spawn(node, [...options, join(clone, 'bin/stepwell.js'), ...args], {
        env: cleanEnv(),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    };

    test('the program runs under the clone’s own Node, which is first on PATH', async () => {
      const { code, stdout, stderr } = await finished(start('version'));
      assert.equal(code, 0, stderr);
      assert.ok(stdout.startsWith(`${process.version} ${join(clone, 'node_modules/.bin')}${delimiter}`), stdout);
    });

    test('its exit code is kept', async () => {
      for (const code of [0, 4, 130]) assert.equal((await finished(start('exit', String(code)))).code, code);
    });

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
      test(`${signal} is passed on, and what the program makes of it is kept`, async () => {
        const child = start('wait');
        child.stdout?.once('data', () => child.kill(signal));
        const { code, stdout, stderr } = await finished(child);
        assert.deepEqual([code, stdout], [9, `waiting\n${signal}\n`], stderr);
      });
    }

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      test(`a death by ${signal} is a death by ${signal}`, async () => {
        const { code, signal: died } = await finished(start('die', signal));
        assert.deepEqual([code, died], [null, signal]);
      });
    }

    test('a signal that the program does not handle ends both', async () => {
      const child = start('idle');
      child.stdout?.once('data', () => child.kill('SIGTERM'));
      const { code, signal } = await finished(child);
      assert.deepEqual([code, signal], [null, 'SIGTERM']);
    });
  });
}

test('without a Node of its own, a clone says which one it needs', async () => {
  const bare = mkdtempSync(join(tmpdir(), 'stepwell-no-node-'));
  try {
    for (const dir of ['bin', 'src/cli']) mkdirSync(join(bare, dir), { recursive: true });
    copyFileSync(PROGRAM, join(bare, 'bin/stepwell.js'));
    writeFileSync(join(bare, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(bare, 'src/cli/index.ts'), '');
    const [node = '', ...options] = PRETENDED;
    const said = await finished(spawn(node, [...options, join(bare, 'bin/stepwell.js')], { stdio: ['ignore', 'pipe', 'pipe'] }));
    assert.equal(said.code, 2);
    assert.match(said.stderr, /^error: stepwell needs Node\.js \S+ or newer in a clone, and this is 20\.0\.0\.\nfix: .*`npm ci`/);
  } finally {
    rmSync(bare, { recursive: true, force: true });
  }
});

test('`node_modules/.bin/stepwell` of a clone starts where the machine’s `node` is old', { skip: noOldNode }, async () => {
  const machine = join(clone, 'machine');
  mkdirSync(machine);
  symlinkSync(oldNode ?? '', join(machine, 'node'));
  const env = cleanEnv({ PATH: [machine, '/usr/bin', '/bin'].join(delimiter) });
  const program = join(clone, 'node_modules/.bin/stepwell');
  const { code, stdout, stderr } = await finished(spawn(program, ['version'], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  assert.equal(code, 0, stderr);
  assert.ok(stdout.startsWith(process.version), stdout);
});
