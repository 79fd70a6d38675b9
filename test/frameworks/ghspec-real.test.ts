/** The real Spec Kit from PyPI with the real pi from npm: two features, and what pi claims for each phase is what the proxy measured. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { recipes } from '../../src/frameworks/index.ts';
import { setUp } from '../../src/setup/index.ts';
import { StepwellError } from '../../src/errors/index.ts';
import type { SetupSettings } from '../../src/setup/index.ts';
import { cannotWatch, outsideOf, watching, writesIn } from '../../src/testing/index.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** A folder in which `stepwell setup ghspec` was done, and one with node_modules/.bin/pi: both save installing them. */
const SET_UP = process.env['STEPWELL_TEST_GHSPEC'];
const AGENTS = process.env['STEPWELL_TEST_AGENTS'];

const place = mkdtempSync(join(tmpdir(), 'stepwell-ghspec-'));
after(() => rmSync(place, { recursive: true, force: true }));

const settings: SetupSettings = {
  enabled: true,
  env: {},
  install_dir: SET_UP === undefined ? join(place, 'frameworks') : resolve(SET_UP),
  ...(AGENTS === undefined ? {} : { command: [resolve(AGENTS, 'node_modules/.bin/pi')] }),
};

/** Why it cannot be had: no fitting Python, or a registry that does not answer. Any other failure is one of ours. */
async function reasonToSkip(): Promise<string | null> {
  try {
    await setUp(recipes['ghspec']!, { settings });
    return null;
  } catch (error) {
    if (!(error instanceof StepwellError)) throw error;
    const excused = error.code === 'SETUP_PYTHON_MISSING' || /could not install /.test(error.message);
    if (!excused) throw error;
    return error.message.replace(/\s+/g, ' ').slice(0, 500);
  }
}

interface Line {
  readonly event: string;
  readonly metadata: Record<string, any>;
}

function linesOf(runDir: string, step: string, log: string): Line[] {
  const text = readFileSync(join(runDir, 'logs', step, log), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

/** Everything in the set-up, so that a run that writes there is seen. */
function facts(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`)
    .sort();
}

test('Spec Kit builds two features with pi, and each phase is measured separately', { timeout: 900_000 }, async (t) => {
  const reason = await reasonToSkip();
  if (reason !== null) return t.skip(reason);
  const config = join(place, 'config');
  mkdirSync(config);
  for (const folder of ['prompts', 'rehearsal', 'hitl']) {
    cpSync(join(ROOT, 'config', folder), join(config, folder), { recursive: true });
  }
  const written = parse(readFileSync(join(ROOT, 'config/experiment.yaml'), 'utf8'));
  writeFileSync(join(config, 'experiment.yaml'), stringify({ ...written, frameworks: { ghspec: settings } }));
  const before = facts(settings.install_dir!);
  // stepwell asks an agent for its version before a run has a directory.
  const [calls, tmp, runsDir] = [join(place, 'calls.log'), join(place, 'tmp'), join(place, 'runs')];
  mkdirSync(tmp);
  const env = { ...process.env, TMPDIR: tmp, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
  const args = ['run', 'ghspec', '--rehearse', '--steps', '2,3', '--config', join(config, 'experiment.yaml')];
  const watch = cannotWatch() === false ? watching(calls) : [];
  const [program, ...rest] = [...watch, process.execPath, join(ROOT, 'src/cli/index.ts'), ...args, '--runs-dir', runsDir];
  await run(program, rest, { cwd: place, env });
  await t.test('nothing was written outside the runs directory', { skip: cannotWatch() }, () => {
    const writes = writesIn(calls);
    assert.ok(writes.some(({ path }) => path.includes('/workspace/specs/001-')));
    assert.deepEqual(outsideOf(writes, [runsDir, tmp]), []);
  });
  assert.deepEqual(facts(settings.install_dir!), before);

  const [id] = readdirSync(join(place, 'runs/ghspec'));
  const runDir = join(place, 'runs/ghspec', id!);
  const metrics = JSON.parse(readFileSync(join(runDir, 'metrics.json'), 'utf8'));
  assert.equal(metrics.status, 'success');
  assert.deepEqual(
    metrics.steps.map(({ api_calls, claimed_usage: { calls, difference_percent } }: any) => [
      api_calls,
      calls,
      difference_percent,
    ]),
    [
      [10, 10, 0],
      [10, 10, 0],
    ],
  );
  assert.equal(metrics.aggregate_metrics.HIT, 1);
  assert.match(readFileSync(join(runDir, 'commit.txt'), 'utf8'), /^specify-cli 1\.2\.3, pi \d/);
  const specs = readdirSync(join(runDir, 'workspace/specs')).sort();
  assert.deepEqual(
    specs.map((name) => name.slice(0, 3)),
    ['001', '002'],
  );
  for (const spec of specs) {
    assert.match(readFileSync(join(runDir, 'workspace/specs', spec, 'tasks.md'), 'utf8'), /- \[x\] T001/);
  }
  for (const step of ['step_002', 'step_003']) {
    const [end] = linesOf(runDir, step, 'validator.log').filter(({ event }) => event === 'validation_end');
    assert.ok(end!.metadata['checks_total'] > 0, 'the application was asked');
    assert.equal(end!.metadata['checks_passed'], end!.metadata['checks_total']);
    const adapter = linesOf(runDir, step, 'adapter.log');
    const calls = linesOf(runDir, step, 'metrics.log').filter(({ event }) => event === 'llm_call');
    const claims = adapter.filter(({ metadata }) => metadata['claimed_usage'] !== undefined);
    assert.deepEqual(
      claims.map(({ metadata }) => metadata),
      ['specify', 'plan', 'tasks', 'implement'].map((phase) => {
        const own = calls.filter(({ metadata }) => metadata['phase'] === phase);
        const sum = (key: string): number => own.reduce((total, { metadata }) => total + metadata[key], 0);
        const claimed_usage = {
          input_tokens: sum('gen_ai.usage.input_tokens'),
          output_tokens: sum('gen_ai.usage.output_tokens'),
          calls: own.length,
        };
        return { phase, claimed_usage };
      }),
    );
    const phases = adapter.filter(({ event }) => event === 'framework_phase');
    assert.ok(phases.length === 4 && phases.every(({ metadata }) => metadata['status'] === 'completed'));
  }
});
