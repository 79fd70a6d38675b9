/** The real agents, installed from npm: what they claim to have used is what the proxy measured, and they write only where they may. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { startUpstreamStub } from '../meter/upstream-stub.ts';
import { cannotWatch, outsideOf, watching, writesIn } from '../../src/testing/index.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** A folder with node_modules/.bin/pi and codex saves installing them. */
const INSTALLED = process.env['STEPWELL_TEST_AGENTS'];
const PACKAGES = ['@mariozechner/pi-coding-agent@0.73.1', '@openai/codex@0.169.0'];

const place = mkdtempSync(join(tmpdir(), 'stepwell-agents-'));
after(() => rmSync(place, { recursive: true, force: true }));

/** Where the programs are, or why they cannot be had. */
async function install(): Promise<{ bin: string } | { reason: string }> {
  if (INSTALLED !== undefined) return { bin: join(INSTALLED, 'node_modules/.bin') };
  writeFileSync(join(place, 'package.json'), '{}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', ...PACKAGES];
  try {
    await run('npm', args, { cwd: place, timeout: 300_000 });
    return { bin: join(place, 'node_modules/.bin') };
  } catch (error) {
    return { reason: `npm could not install ${PACKAGES.join(' and ')}: ${/npm error (.*)/.exec((error as Error).message)?.[1]}` };
  }
}

/** A program that is watched where it works for a run; each start has a log of its own. Returns its path. */
function watched(name: string, program: string): string {
  const path = join(place, 'watched', name);
  const logs = join(place, 'calls', name);
  for (const folder of [dirname(path), logs]) mkdirSync(folder, { recursive: true });
  const strace = watching('LOG').map((word) => (word === 'LOG' ? `"${logs}/$STEPWELL_RUN_ID.$$"` : `'${word}'`));
  const script = `#!/bin/sh\n[ -z "$STEPWELL_RUN_ID" ] || exec ${strace.join(' ')} '${program}' "$@"\nexec '${program}' "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

interface Claimed {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly difference_percent: number;
}

const parsed = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

const installed = await install();
const skip = 'reason' in installed && installed.reason;
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };

/** The default experiment with these frameworks; returns the path of its configuration. */
function configured(name: string, frameworks: string, change = (text: string): string => text): string {
  const config = join(place, name);
  mkdirSync(config);
  for (const folder of ['prompts', 'rehearsal', 'hitl'])
    cpSync(join(ROOT, 'config', folder), join(config, folder), { recursive: true });
  const written = readFileSync(join(ROOT, 'config/experiment.yaml'), 'utf8');
  writeFileSync(join(config, 'experiment.yaml'), change(written.replace(/^frameworks:\n(?:(?: .*)?\n)+(?=\S)/m, frameworks)));
  return join(config, 'experiment.yaml');
}

const programOf = (name: string): string => join('bin' in installed ? installed.bin : '', name);

test('pi and codex, each twice at the same time, build the service over two steps', { timeout: 600_000, skip }, async (t) => {
  const program = (name: string): string =>
    JSON.stringify([cannotWatch() === false ? watched(name, programOf(name)) : programOf(name)]);
  const config = configured(
    'config',
    `frameworks:\n  pi: { command: ${program('pi')} }\n  codex: { command: ${program('codex')} }\n\n`,
  );

  for (const [name, calls] of [
    ['pi', 3],
    ['codex', null],
  ] as const) {
    const args = ['src/cli/index.ts', 'run', name, '2', '--jobs', '2', '--rehearse', '--steps', '1,2'];
    args.push('--config', config, '--runs-dir', join(place, 'runs'));
    await run(process.execPath, args, { cwd: ROOT, env, maxBuffer: 1 << 26 });
    const dirs = readdirSync(join(place, 'runs', name)).map((id) => realpathSync(join(place, 'runs', name, id)));

    await t.test(`${name}: two runs overlap in time`, () => {
      const times = dirs.map((dir) => parsed(join(dir, 'metadata.json')));
      assert.equal(times.length, 2);
      const lastStart = times.map(({ started_at }) => started_at as string).toSorted()[1]!;
      for (const { ended_at } of times) assert.ok(ended_at > lastStart);
    });

    for (const [index, dir] of dirs.entries()) {
      await t.test(`${name}, run ${index + 1}: the usage that the agent claims equals what the proxy measured`, () => {
        const metrics = parsed(join(dir, 'metrics.json'));
        assert.equal(metrics.status, 'success');
        assert.equal(metrics.steps.length, 2);
        for (const step of metrics.steps) {
          const { difference_percent, ...claimed } = step.claimed_usage as Claimed;
          assert.deepEqual(
            { ...claimed, difference_percent },
            { input_tokens: step.tokens_in, output_tokens: step.tokens_out, calls, partial: false, difference_percent: 0 },
          );
          assert.equal(step.api_calls, 3);
          assert.ok(step.tokens_in > 0);
        }
      });

      await t.test(`${name}, run ${index + 1}: the run sees nothing of the other one, and its work is recorded`, () => {
        const other = basename(dirs[1 - index]!);
        const texts = ['step_001', 'step_002'].map((step) => readFileSync(join(dir, 'logs', step, 'adapter.log'), 'utf8'));
        for (const text of texts) {
          assert.ok(!text.includes(other));
          // The command that wrote the files, and what it printed.
          assert.match(text, /=== file: start\.sh/);
          assert.match(text, /files written: \d/);
        }
      });

      await t.test(`${name}, run ${index + 1}: nothing was written outside the run directory`, { skip: cannotWatch() }, () => {
        const logs = readdirSync(join(place, 'calls', name)).filter((log) => log.startsWith(`${basename(dir)}.`));
        assert.equal(logs.length, 2, 'one for each step');
        const writes = logs.flatMap((log) => writesIn(join(place, 'calls', name, log)));
        assert.ok(writes.some(({ path }) => path === join(dir, 'workspace/start.sh')));
        assert.ok(writes.some(({ path }) => path.startsWith(join(dir, '.stepwell/scratch/agent/1-1/'))));
        assert.deepEqual(outsideOf(writes, [dir]), []);
      });
    }
  }
});

test(
  'a step that fails on a provider error is reported with the message of pi or codex',
  { timeout: 120_000, skip },
  async () => {
    await using upstream = await startUpstreamStub((response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'the stub says no', type: 'invalid_request_error', code: 'stub' } }));
    });
    const framework = (name: string): string => `  ${name}: { command: ${JSON.stringify([programOf(name)])} }\n`;
    const endpoint = `endpoint: { base_url: "${upstream.origin}/v1", api_key: none-at-all }\n`;
    const config = configured('failing', `frameworks:\n${framework('pi')}${framework('codex')}\n${endpoint}\n`, (text) =>
      text.replace(/^model: .*/m, 'model: some-model').replace(/max_retries: \d+/, 'max_retries: 0'),
    );
    const runs = join(place, 'failing-runs');
    const args = ['src/cli/index.ts', 'run', 'all', '--steps', '1', '--config', config, '--runs-dir', runs];
    await assert.rejects(run(process.execPath, args, { cwd: ROOT, env, maxBuffer: 1 << 26 }), { code: 4 });
    for (const name of ['pi', 'codex']) {
      const [id] = readdirSync(join(runs, name));
      const text = readFileSync(join(runs, name, id!, 'logs/step_001/orchestrator.log'), 'utf8');
      assert.match(text, new RegExp(`"message":"Attempt 1 failed: exit code 1; ${name} says: .*the stub says no`));
    }
  },
);
