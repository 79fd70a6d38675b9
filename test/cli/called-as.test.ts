/** What is to be typed next works where it is printed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { asTyped, calledAs } from '../../src/cli/called-as.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { writeExperiment } from './experiment.ts';
import { CLI, cleanEnv, PROGRAM } from './child.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwell called-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A directory whose `node_modules/.bin/stepwell` is `target`. */
function directoryWith(target: string, name: string): string {
  const bin = join(dir, name, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(target, join(bin, 'stepwell'));
  return join(dir, name);
}

test('a stepwell on PATH is called by its name, unless npm put it there', () => {
  const called = '/opt/bin/stepwell';
  const env = { PATH: ['/usr/bin', '/opt/bin'].join(delimiter) };
  assert.equal(calledAs({ called, env, cwd: dir }), 'stepwell');
  assert.equal(calledAs({ called, env: { ...env, npm_command: 'exec' }, cwd: dir }), PROGRAM);
  assert.equal(calledAs({ called, env: { ...env, npm_config_user_agent: 'pnpm/11' }, cwd: dir }), PROGRAM);
  assert.equal(calledAs({ called, env: { PATH: '/usr/bin' }, cwd: dir }), PROGRAM);
  assert.equal(calledAs({ called: '/opt/bin/stepwell.js', env, cwd: dir }), PROGRAM);
});

test('npx stepwell is suggested where npx finds this stepwell, also from a subdirectory', () => {
  const here = directoryWith(PROGRAM, 'here');
  mkdirSync(join(here, 'below'));
  for (const cwd of [here, join(here, 'below')]) assert.equal(calledAs({ env: {}, cwd }), 'npx stepwell');
});

test('the path is suggested where npx would find another stepwell or ask the registry', () => {
  writeFileSync(join(dir, 'other.js'), '');
  for (const cwd of [directoryWith(join(dir, 'other.js'), 'there'), dir]) assert.equal(calledAs({ env: {}, cwd }), PROGRAM);
  const program = join(dir, 'stepwell.js');
  assert.equal(calledAs({ env: {}, cwd: dir, program }), `'${program}'`);
});

test('only commands in backticks are rewritten in a message', () => {
  assert.equal(asTyped('Type `stepwell list`; stepwell is a tool.'), `Type \`${calledAs()} list\`; stepwell is a tool.`);
});

test('outside of any installation each printed next command can be typed unchanged', () => {
  writeExperiment(dir, 'exit 1');
  const run = (command: string): { status: number | null; output: string } => {
    const done = spawnSync('sh', ['-c', command], { cwd: dir, env: cleanEnv({ NO_COLOR: '1' }), encoding: 'utf8' });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  };
  const stepwell = `'${process.execPath}' '${CLI}'`;
  const ended = run(`${stepwell} run tool --runs-dir elsewhere`);
  assert.equal(ended.status, 4, ended.output);
  assert.doesNotMatch(ended.output, /npx/);
  const commands: string[] = ended.output.slice(ended.output.indexOf('\nNext:')).match(/^ {2}\S.*$/gm) ?? [];
  assert.ok(commands.length >= 4, ended.output);
  /** A command that the output of another one names. */
  const named = (line: string, pattern: RegExp): string => {
    const { output } = run(`${stepwell} ${line}`);
    const command = pattern.exec(output)?.[1];
    assert.ok(command !== undefined, output);
    return command;
  };
  commands.push(
    named('summary latest --runs-dir elsewhere', /^Next: (\S+ logs .*)$/m),
    named('summary --format markdown latest --runs-dir elsewhere', /^Next: `(\S+ logs .*)`$/m),
    `${named('list', /`(\S+) run <framework>`/)} list`,
    named('list --nothing', /`([^`]+ --help)`/),
  );
  for (const command of commands) {
    const { status, output } = run(command);
    assert.equal(status, 0, `${command}\n${output}`);
  }
});

test('every command in a message of the sources is in backticks, so that the terminal can rewrite it', () => {
  const commands = buildProgram(() => Promise.resolve()).commands.map((command) => command.name());
  const bare = new RegExp(`(?<!\`)(?:npx )?\\bstepwell (?:${commands.join('|')})\\b`);
  // A file for git and scripts for shells, which are read elsewhere.
  const elsewhere = new Set(['src/summary/document/problems.ts', 'src/cli/commands/completion.ts']);
  const root = join(import.meta.dirname, '../..');
  const found = globSync('src/**/*.ts', { cwd: root }).flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    const code = lines.filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line));
    return elsewhere.has(file) ? [] : code.filter((line) => bare.test(line)).map((line) => `${file}: ${line.trim()}`);
  });
  assert.deepEqual(found, []);
});
