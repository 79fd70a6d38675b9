/** What is found before a run begins: exit 2, every finding, no run directory. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StepwellError } from '../../src/errors.ts';
import { planExperiment } from '../../src/experiment.ts';
import { scenario } from '../run/shell-experiment.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');

async function errorOf(work: Promise<unknown>): Promise<StepwellError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof StepwellError, String(error));
    return error;
  }
  throw new Error('it did not fail');
}

test('a missing program is a finding, the run is refused, and nothing is written', async () => {
  await using here = await scenario({}, { frameworks: { tool: { adapter: 'command', command: ['no-such-program-here'] } } });
  const plan = await planExperiment({ config: here.config, runsDir: here.runsDir, frameworks: ['all'] });
  assert.match(plan.findings[0]?.what ?? '', /no-such-program-here/);
  const error = await errorOf(here.run());
  assert.deepEqual([error.code, error.exitCode], ['CHECKS_FAILED', 2]);
  assert.match(error.message, /no-such-program-here/);
  assert.deepEqual((await readdir(here.dir)).sort(), ['experiment.yaml', 'prompts']);
});

test('all findings are named at once', async () => {
  await using here = await scenario(
    {},
    {
      frameworks: { a: { adapter: 'command', command: ['no-program-a'] }, b: { adapter: 'command', command: ['no-program-b'] } },
    },
  );
  const error = await errorOf(here.run());
  assert.match(error.message, /framework a: [^\n]*no-program-a[^]*framework b: [^\n]*no-program-b/);
});

test('an adapter that does not exist is an error of the configuration, with its place', async () => {
  await using here = await scenario({}, { frameworks: { tool: { adapter: 'comand', command: ['sh'] } } });
  const error = await errorOf(here.run());
  assert.equal(error.exitCode, 2);
  assert.match(`${error.message} ${error.fix}`, /comand[^]*command/);
});

test('a framework that asks a model needs an endpoint', async () => {
  await using here = await scenario({}, { model: 'some-model', frameworks: { baseline: {} } });
  const error = await errorOf(here.run());
  assert.match(error.message, /no endpoint/);
  assert.match(error.fix, /--rehearse/);
});

test('a key that is not set is named before anything starts', async () => {
  await using here = await scenario(
    {},
    {
      model: 'some-model',
      frameworks: { baseline: {} },
      endpoint: { base_url: 'http://127.0.0.1:9/v1', api_key: '${STEPWELL_TEST_NO_KEY}' },
    },
  );
  const error = await errorOf(here.run());
  assert.equal(error.exitCode, 2);
  assert.match(error.message, /STEPWELL_TEST_NO_KEY/);
});

test('a runs directory that is a file, or cannot be written to, is a finding', async () => {
  await using here = await scenario({ shell: 'true' });
  await writeFile(here.runsDir, '');
  assert.match((await errorOf(here.run())).message, /is not a directory/);
  if (process.getuid?.() === 0) return;
  const closed = join(here.dir, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o555);
  assert.match((await errorOf(here.run({ runsDir: join(closed, 'runs') }))).message, /cannot be written/);
});

test('rounds must be a whole number', async () => {
  await using here = await scenario({ shell: 'true' });
  for (const rounds of [0, -1, 1.5, Number.NaN]) assert.equal((await errorOf(here.run({ rounds }))).code, 'CONFIG_INVALID');
});

const GATEWAY = {
  model: 'our-own-model',
  endpoint: { base_url: 'http://127.0.0.1:9/${STEPWELL_TEST_TOKEN}/v1' },
  budgets: { experiment: { max_cost_usd: 2 } },
};
const env = { ...process.env, STEPWELL_TEST_TOKEN: 'tok-0123456789' };

test('a limit on cost is refused for a model without a known price, and no secret in its address is shown', async () => {
  await using here = await scenario({ tool: 'true' }, GATEWAY);
  const asked = { config: here.config, runsDir: here.runsDir, frameworks: ['all'], env };
  const plan = await planExperiment(asked);
  assert.equal(plan.runs[0]?.endpoint, 'http://127.0.0.1:9/${STEPWELL_TEST_TOKEN}/v1');
  const [finding] = plan.findings;
  assert.match(
    finding?.what ?? '',
    /budgets\.experiment\.max_cost_usd .* "our-own-model" at http:\/\/127\.0\.0\.1:9\/\$\{STEPWELL_TEST_TOKEN\}\/v1 is known/,
  );
  assert.match(finding?.fix ?? '', /pricing: \{ models: \{ "our-own-model"/);
  assert.doesNotMatch(JSON.stringify(plan), /tok-0123456789/);
});

test('a price, a limit on something else or a rehearsal leave nothing to refuse', async () => {
  for (const change of [
    { pricing: { models: { 'our-own-model': { input_price: 1, output_price: 2 } } } },
    { budgets: { run: { max_tokens: 5 } } },
    { model: 'rehearsal' },
    { model: 'gpt-4o-mini', endpoint: { base_url: 'https://api.openai.com/v1' } },
  ]) {
    await using here = await scenario({ tool: 'true' }, { ...GATEWAY, ...change });
    const { findings } = await planExperiment({ config: here.config, runsDir: here.runsDir, frameworks: ['all'], env });
    assert.deepEqual(findings, [], JSON.stringify(change));
  }
});

test('doctor finds what keeps a run from starting', async () => {
  await using here = await scenario({ shell: 'true' });
  const file = join(here.dir, 'file');
  await writeFile(file, '');
  for (const [change, says] of [
    [{ args: ['--runs-dir', file] }, /file is not a directory, so runs cannot be kept below it/],
    [{ args: ['--runs-dir', join(file, 'below')] }, /file is not a directory, so runs cannot be kept below it/],
    [{ args: ['--runs-dir', here.runsDir], path: join(here.dir, 'nothing') }, /git could not be run/],
  ] as const) {
    const env = { ...process.env, ...('path' in change ? { PATH: change.path } : {}) };
    for (const command of [['doctor'], ['run', 'shell', '--dry-run'], ['run', 'shell']]) {
      const args = [CLI, ...command, '--config', here.config, ...change.args];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
      assert.equal(status, 2, `${command.join(' ')}: ${stdout}${stderr}`);
      assert.match(stdout + stderr, says);
    }
  }
});
