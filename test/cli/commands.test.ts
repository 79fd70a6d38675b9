import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writeOriginalRun, writeRun } from '../catalog/fixtures.ts';
import { line } from '../store/source-contract.ts';
import { matchesGolden, newCliDirectory, type CliDirectory } from './child.ts';

const ORIGINAL = '7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa';

/** What a hostile framework may print: clears the screen, retitles, colors, fakes a line, turns text around. */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u001b[31mred\r14:15:03.300 INFO  fake\u009b31m\u202egnp.exe\u2028x';

describe('commands that read runs', () => {
  let place: CliDirectory;
  before(() => {
    place = newCliDirectory();
    const runsDir = join(place.dir, 'runs');
    const run = writeRun(runsDir, { runId: '20261122-141503-k3f9' });
    writeRun(runsDir, {
      runId: '20261123-091503-x2y7',
      framework: 'mytool',
      status: 'failed',
      startedAt: '2026-11-23T09:15:03.000Z',
    });
    writeRun(runsDir, { runId: '20261124-091503-dead', status: 'running', startedAt: '2026-11-24T09:15:03.000Z' });
    writeOriginalRun(runsDir);
    appendFileSync(
      join(run, 'logs/step_001/adapter.log'),
      line({
        seq: 4,
        writer: 'abc123',
        timestamp: '2026-11-22T14:15:03.210Z',
        component: 'adapter',
        step: 1,
        event: 'process_output',
        message: HOSTILE,
        metadata: { stream: 'stderr' },
      }) +
        line({
          seq: 5,
          writer: 'abc123',
          timestamp: '2026-11-22T14:15:03.220Z',
          component: 'adapter',
          step: 1,
          level: 'error',
          message: 'two\nlines',
          error: {
            type: 'TypeError',
            message: 'no\u001b[1m',
            stack: 'TypeError: no\n    at work (file.ts:1:2)',
            cause: { type: 'Error', message: 'deep' },
          },
          late: true,
        }) +
        '{"level":"info","torn',
    );
  });
  after(() => place.remove());

  for (const [golden, args, code] of [
    ['list.txt', ['list'], 0],
    ['show.txt', ['show', 'k3f9'], 0],
    ['show-original.txt', ['show', ORIGINAL.slice(0, 6)], 0],
    ['logs.txt', ['logs', 'k3f9'], 0],
    ['logs-original.txt', ['logs', 'chatdev/latest'], 0],
    [
      'logs-step.txt',
      ['logs', 'k3f9', '--step', '1-2', '--component', 'adapter,metrics', '--level', 'info', '--grep', 'hel+o'],
      0,
    ],
    ['logs-none.txt', ['logs', 'k3f9', '--grep', 'nothing like it'], 0],
    ['logs-unknown-component.txt', ['logs', 'k3f9', '--component', 'adapter,foo'], 2],
    ['help-command.txt', ['help', 'verify'], 0],
    ['help.txt', ['--help'], 0],
    ['help-logs.txt', ['logs', '--help'], 0],
    ['no-command.txt', [], 2],
    ['unknown-command.txt', ['lst'], 2],
    ['unknown-option.txt', ['list', '--jsno'], 2],
    ['missing-argument.txt', ['show'], 2],
    ['excess-argument.txt', ['show', 'a', 'b'], 2],
    ['bad-choice.txt', ['logs', 'latest', '--level', 'loud'], 2],
    ['bad-step.txt', ['logs', 'latest', '--step', '3-1'], 2],
    ['bad-grep.txt', ['logs', 'latest', '--grep', '('], 2],
    ['run-not-found.txt', ['show', 'zzzz'], 2],
    ['run-ambiguous.txt', ['show', '2026112'], 2],
    ['not-a-run.txt', ['logs', './nowhere'], 2],
    ['no-runs.txt', ['show', 'latest', '--runs-dir', 'elsewhere'], 2],
    ['unknown-schema.txt', ['schema', 'nonsense'], 2],
    ['unknown-shell.txt', ['completion', 'tcsh'], 2],
    ['recover-nothing.txt', ['recover'], 2],
    ['no-config-list.txt', ['list', '--config', 'nowhere.yaml'], 2],
    ['no-config.txt', ['run', 'baseline', '--config', 'none.yaml'], 2],
    ['bad-rounds-many.txt', ['run', 'baseline', '1000000000'], 2],
    ['bad-rounds.txt', ['run', 'baseline', '0'], 2],
    ['bad-jobs.txt', ['run', 'baseline', '--jobs', 'many'], 2],
  ] as const) {
    test(`stepwell ${args.join(' ')} exits ${code} and prints ${golden}`, async () => {
      const done = await place.stepwell(args);
      const text = `${done.stdout}${done.stderr === '' ? '' : `--- stderr\n${done.stderr}`}`.replaceAll(place.dir, '<dir>');
      matchesGolden(golden, text);
      if (!golden.startsWith('logs'))
        for (const line of done.stdout.split('\n')) assert.ok(line.length <= 80, `too long: ${line}`);
      assert.equal(done.code, code);
    });
  }

  test('a record cannot send anything to the terminal, in text or JSON, colored or not', async () => {
    for (const args of [
      ['logs', 'k3f9'],
      ['logs', 'k3f9', '--json'],
      ['show', 'k3f9', '--json'],
    ]) {
      for (const env of [{}, { FORCE_COLOR: '1' }]) {
        const { stdout } = await place.stepwell(args, env);
        // eslint-disable-next-line no-control-regex
        const withoutOurs = stdout.replaceAll(/\u001b\[(1|2|22|3[1-69])m/g, '');
        assert.doesNotMatch(withoutOurs, /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
    }
    const { stdout } = await place.stepwell(['logs', 'k3f9', '--json']);
    const messages = stdout
      .trim()
      .split('\n')
      .map((text) => (JSON.parse(text) as { message: string }).message);
    assert.ok(messages.includes(HOSTILE), 'JSON means the same as the log');
  });

  test('a --runs-dir that is a file is a usage error of every command', async () => {
    writeFileSync(join(place.dir, 'file'), '');
    for (const args of [
      ['list'],
      ['list', '--rebuild'],
      ['show', 'latest'],
      ['compare'],
      ['recover', '--all'],
      ['reconcile', '--list'],
    ]) {
      const { code, stderr } = await place.stepwell([...args, '--runs-dir', 'file']);
      assert.match(
        stderr,
        /^error\[RUNS_UNREADABLE\]: Runs cannot be read from .*file: it is not a directory\.\nfix: .*--runs-dir DIR\.\n$/,
      );
      assert.equal(code, 2, args.join(' '));
    }
  });

  async function hasColors(env: NodeJS.ProcessEnv): Promise<boolean> {
    return (await place.stepwell(['list'], env)).stdout.includes('\u001b[');
  }

  test('colors are printed into a pipe only with FORCE_COLOR, and never with NO_COLOR', async () => {
    assert.equal(await hasColors({}), false, 'a pipe');
    assert.equal(await hasColors({ FORCE_COLOR: '1' }), true);
    assert.equal(await hasColors({ FORCE_COLOR: '1', NO_COLOR: '1' }), false);
  });

  test('logs -f of a finished run prints its records and ends', async () => {
    const [followed, printed] = await Promise.all([place.stepwell(['logs', '-f', 'x2y7']), place.stepwell(['logs', 'x2y7'])]);
    assert.equal(followed.stdout, printed.stdout);
    assert.equal(followed.code, 0);
  });

  test('list --json prints one object for each run, show --json one object with everything', async () => {
    const { stdout } = await place.stepwell(['list', '--json']);
    const runs = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { run_id: string; state: string; total_tokens_in: number | null });
    assert.deepEqual(
      runs.map((run) => [run.run_id.slice(-4), run.state]),
      [
        ['dead', 'crashed'],
        ['x2y7', 'finished'],
        ['k3f9', 'finished'],
        ['e1aa', 'finished'],
      ],
    );
    const shown = JSON.parse((await place.stepwell(['show', 'k3f9', '--json'])).stdout) as {
      summary: { run_id: string };
      entry: { model: string };
    };
    assert.equal(shown.summary.run_id, '20261122-141503-k3f9');
    assert.equal(shown.entry.model, 'rehearsal');
  });

  test('--runs-dir is relative to the current directory and wins over STEPWELL_RUNS_DIR', async () => {
    const fromEnv = await place.stepwell(['list', '--json'], { STEPWELL_RUNS_DIR: 'nowhere' });
    assert.equal(fromEnv.stdout, '');
    const fromFlag = await place.stepwell(['list', '--json', '--runs-dir', './runs'], { STEPWELL_RUNS_DIR: 'nowhere' });
    assert.notEqual(fromFlag.stdout, '');
  });

  test('list reports a damaged index; --rebuild writes a new one and keeps the damaged file', async () => {
    const runsDir = join(place.dir, 'damaged');
    writeRun(runsDir, { runId: '20261122-141503-k3f9' });
    writeFileSync(join(runsDir, 'runs_manifest.json'), '{"version":');
    const before = await place.stepwell(['list', '--runs-dir', 'damaged']);
    assert.match(before.stdout, /k3f9/);
    assert.match(before.stderr, /warning: runs_manifest\.json is damaged: .*\nfix: /);
    const rebuilt = await place.stepwell(['list', '--rebuild', '--runs-dir', 'damaged']);
    assert.match(rebuilt.stderr, /1 run\.\nThe damaged index was kept as runs_manifest\.json\.damaged-/);
    assert.equal((await place.stepwell(['list', '--runs-dir', 'damaged'])).stderr, '');
  });

  test('an error shows no stack unless STEPWELL_DEBUG is set', async () => {
    assert.doesNotMatch((await place.stepwell(['show', 'zzzz'])).stderr, /^\s+at /m);
    assert.match((await place.stepwell(['show', 'zzzz'], { STEPWELL_DEBUG: '1' })).stderr, /^\s+at /m);
  });

  test('a reader that closes the pipe early is no error', async () => {
    const runsDir = join(place.dir, 'long');
    const run = writeRun(runsDir, { runId: '20261122-141503-long' });
    mkdirSync(join(run, 'logs/step_002'));
    writeFileSync(
      join(run, 'logs/step_002/adapter.log'),
      line({ component: 'adapter', step: 2, message: 'x'.repeat(1000) }).repeat(5000),
    );
    const child = place.start(['logs', 'latest', '--runs-dir', 'long']);
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once('close', (...ended) => resolve(ended)),
    );
    assert.deepEqual([code, signal, stderr], [0, null, '']);
    rmSync(runsDir, { recursive: true });
  });

  test('schema lists the names of the schemas, and prints the one that is named', async () => {
    const names = (await place.stepwell(['schema'])).stdout.trim().split('\n');
    assert.ok(names.includes('experiment') && names.includes('record'));
    const schema = JSON.parse((await place.stepwell(['schema', 'experiment'])).stdout) as { type: string };
    assert.equal(schema.type, 'object');
  });
});
