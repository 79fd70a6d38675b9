/** Preflight: exit code 2, all issues at once, no run directory. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StepwellError } from '../../src/errors/index.ts';
import { planExperiment } from '../../src/experiment/index.ts';
import { isRoot, UNPRIVILEGED_ID, whyNoUnprivilegedUser } from '../run/unprivileged-user.ts';
import { createShellExperiment, type ShellExperiment } from '../run/shell-experiment.ts';
import { mountSmallDisk } from '../run/small-disk.ts';

const CLI = join(import.meta.dirname, '../../src/cli/index.ts');

async function errorOf(work: Promise<unknown>): Promise<StepwellError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof StepwellError, String(error));
    return error;
  }
  throw new Error('it did not fail');
}

test('a missing program is an issue, the run is refused, and nothing is written', async () => {
  await using experiment = await createShellExperiment(
    {},
    { frameworks: { tool: { adapter: 'command', command: ['no-such-program-here'] } } },
  );
  const plan = await planExperiment({ config: experiment.config, runsDir: experiment.runsDir, frameworks: ['all'] });
  assert.match(plan.findings[0]?.what ?? '', /no-such-program-here/);
  const error = await errorOf(experiment.run());
  assert.deepEqual([error.code, error.exitCode], ['CHECKS_FAILED', 2]);
  assert.match(error.message, /no-such-program-here/);
  assert.deepEqual((await readdir(experiment.dir)).sort(), ['experiment.yaml', 'prompts']);
});

test('all issues are reported at once', async () => {
  await using experiment = await createShellExperiment(
    {},
    {
      frameworks: { a: { adapter: 'command', command: ['no-program-a'] }, b: { adapter: 'command', command: ['no-program-b'] } },
    },
  );
  const error = await errorOf(experiment.run());
  assert.match(error.message, /:\n {2}- a: [^\n]*no-program-a[^\n]*\n {2}- b: [^\n]*no-program-b/);
});

test('an unknown adapter is a configuration error with its position', async () => {
  await using experiment = await createShellExperiment({}, { frameworks: { tool: { adapter: 'comand', command: ['sh'] } } });
  const error = await errorOf(experiment.run());
  assert.equal(error.exitCode, 2);
  assert.match(`${error.message} ${error.fix}`, /comand[^]*command/);
});

test('a framework that asks a model needs an endpoint', async () => {
  await using experiment = await createShellExperiment({}, { model: 'some-model', frameworks: { baseline: {} } });
  const error = await errorOf(experiment.run());
  assert.match(error.message, /no endpoint/);
  assert.match(error.fix, /--rehearse/);
});

test('a key that is not set is named before anything starts', async () => {
  await using experiment = await createShellExperiment(
    {},
    {
      model: 'some-model',
      frameworks: { baseline: {} },
      endpoint: { base_url: 'http://127.0.0.1:9/v1', api_key: '${STEPWELL_TEST_NO_KEY}' },
    },
  );
  const error = await errorOf(experiment.run());
  assert.equal(error.exitCode, 2);
  assert.match(error.message, /STEPWELL_TEST_NO_KEY/);
});

test('a runs directory that is a file, or cannot be written to, is an issue', async () => {
  await using experiment = await createShellExperiment({ shell: 'true' });
  await writeFile(experiment.runsDir, '');
  assert.match((await errorOf(experiment.run())).message, /is not a directory/);
  if (process.getuid?.() === 0) return;
  const closed = join(experiment.dir, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o555);
  assert.match((await errorOf(experiment.run({ runsDir: join(closed, 'runs') }))).message, /is not writable/);
});

test('rounds must be a whole number', async () => {
  await using experiment = await createShellExperiment({ shell: 'true' });
  for (const rounds of [0, -1, 1.5, Number.NaN]) assert.equal((await errorOf(experiment.run({ rounds }))).code, 'CONFIG_INVALID');
});

const GATEWAY = {
  model: 'our-own-model',
  endpoint: { base_url: 'http://127.0.0.1:9/${STEPWELL_TEST_TOKEN}/v1' },
  budgets: { experiment: { max_cost_usd: 2 } },
};
const env = { ...process.env, STEPWELL_TEST_TOKEN: 'tok-0123456789' };

test('a limit on cost is refused for a model without a known price, and no secret in its address is shown', async () => {
  await using experiment = await createShellExperiment({ tool: 'true' }, GATEWAY);
  const asked = { config: experiment.config, runsDir: experiment.runsDir, frameworks: ['all'], env };
  const plan = await planExperiment(asked);
  assert.equal(plan.runs[0]?.endpoint, 'http://127.0.0.1:9/${STEPWELL_TEST_TOKEN}/v1');
  const [issue] = plan.findings;
  assert.match(
    issue?.what ?? '',
    /budgets\.experiment\.max_cost_usd .* "our-own-model" at http:\/\/127\.0\.0\.1:9\/\$\{STEPWELL_TEST_TOKEN\}\/v1 is unknown\.$/,
  );
  assert.match(issue?.fix ?? '', /pricing: \{ models: \{ "our-own-model"/);
  assert.doesNotMatch(JSON.stringify(plan), /tok-0123456789/);
});

test('a cost limit is accepted with a price or in a rehearsal, and other limits need no price', async () => {
  for (const change of [
    { pricing: { models: { 'our-own-model': { input_price: 1, output_price: 2 } } } },
    { budgets: { run: { max_tokens: 5 } } },
    { model: 'rehearsal' },
    { model: 'gpt-4o-mini', endpoint: { base_url: 'https://api.openai.com/v1' } },
  ]) {
    await using experiment = await createShellExperiment({ tool: 'true' }, { ...GATEWAY, ...change });
    const { findings } = await planExperiment({
      config: experiment.config,
      runsDir: experiment.runsDir,
      frameworks: ['all'],
      env,
    });
    assert.deepEqual(findings, [], JSON.stringify(change));
  }
});

interface Issue {
  framework?: string;
  what: string;
  fix: string;
  code?: string;
}
interface CommandReport {
  status: number | null;
  findings: Issue[];
}

/** A command with `--json`, in the experiment's directory, as root or as an ordinary user. */
function runJsonCommand(
  experiment: ShellExperiment,
  args: readonly string[],
  { runsDir = 'runs', env = {}, user }: Situation = {},
) {
  const command = [CLI, ...args, '--config', 'experiment.yaml', '--runs-dir', runsDir, '--json'];
  const as = user === undefined ? {} : { uid: user, gid: user };
  const options = { cwd: experiment.dir, env: { ...process.env, ...env }, encoding: 'utf8', ...as } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, command, options);
  assert.equal(status, 2, `${args.join(' ')}: ${stdout}${stderr}`);
  return { status, stdout, stderr };
}

interface Situation {
  runsDir?: string;
  env?: NodeJS.ProcessEnv;
  user?: number;
}

function ofDoctor(experiment: ShellExperiment, situation: Situation): Issue[] {
  const lines = JSON.parse(runJsonCommand(experiment, ['doctor'], situation).stdout) as (Issue & { state: string })[];
  const missing = lines.filter(({ state }) => state === 'missing' || state === 'not ready');
  return missing.map((line) => {
    const { state: _, ...issue } = line;
    return issue;
  });
}

function ofDryRun(experiment: ShellExperiment, situation: Situation): Issue[] {
  return (JSON.parse(runJsonCommand(experiment, ['run', 'all', '--dry-run'], situation).stdout) as CommandReport).findings;
}

/** The issues that doctor reports; checks that a dry run reports the same ones and that `run` is refused for them. */
function issuesOf(experiment: ShellExperiment, situation: Situation = {}): Issue[] {
  const issues = ofDoctor(experiment, situation);
  assert.deepEqual(ofDryRun(experiment, situation), issues);
  const { error } = JSON.parse(runJsonCommand(experiment, ['run', 'all'], situation).stderr) as {
    error: { message: string; fix: string };
  };
  for (const { what } of issues) assert.ok(error.message.includes(what), error.message);
  assert.equal(error.fix, issues.map(({ fix }) => fix).join('\n'));
  return issues;
}

const BROKEN: [what: string, settings: Record<string, unknown>, issues: { says: RegExp; code?: string }[]][] = [
  [
    'programs that are missing, or are no programs',
    {
      frameworks: {
        a: { adapter: 'command', command: ['no-program-a'] },
        b: { adapter: 'command', command: ['./experiment.yaml'] },
        c: { adapter: 'command' },
      },
    },
    [
      { says: /^a: .*no-program-a/, code: 'PROGRAM_NOT_FOUND' },
      { says: /^b: The program "experiment\.yaml" cannot be executed/, code: 'PROGRAM_NOT_EXECUTABLE' },
      { says: /^c: /, code: 'COMMAND_MISSING' },
    ],
  ],
  [
    'frameworks that are not set up',
    { frameworks: { baes: {}, mine: { adapter: 'baes' } } },
    [
      { says: /^baes: not set up: frameworks\/baes/, code: 'FRAMEWORK_NOT_SET_UP' },
      { says: /^mine: not set up: /, code: 'FRAMEWORK_NOT_SET_UP' },
    ],
  ],
  [
    'a model and no endpoint',
    { model: 'some-model', frameworks: { baseline: {} } },
    [{ says: /^baseline: it needs the model "some-model", but no endpoint is configured\.$/ }],
  ],
  [
    'a limit on cost without a price',
    {
      model: 'our-own-model',
      endpoint: { base_url: 'http://127.0.0.1:9/v1' },
      budgets: { run: { max_cost_usd: 1 } },
      frameworks: { baseline: {} },
    },
    [{ says: /^baseline: budgets\.run\.max_cost_usd limits the cost/ }],
  ],
];
for (const [what, settings, expected] of BROKEN) {
  test(`doctor, run and its dry run report the same issues with the same code: ${what}`, async () => {
    await using experiment = await createShellExperiment({}, settings);
    const issues = issuesOf(experiment);
    assert.equal(issues.length, expected.length, JSON.stringify(issues));
    for (const [index, { says, code }] of expected.entries()) {
      assert.match(issues[index]!.what, says);
      assert.ok(issues[index]!.what.startsWith(`${issues[index]!.framework}: `));
      assert.equal(issues[index]!.code, code);
    }
  });
}

test('doctor and run report an invalid configuration in the same words', async () => {
  await using experiment = await createShellExperiment({ shell: 'true' }, { retries: { max_retries: 'many' } });
  const { error } = JSON.parse(runJsonCommand(experiment, ['run', 'all']).stderr) as {
    error: { code: string; message: string; fix: string };
  };
  assert.deepEqual(ofDoctor(experiment, {}), [{ what: error.message, fix: error.fix, code: 'CONFIG_INVALID' }]);
});

test('a runs directory that cannot exist is reported before anything is written', async () => {
  await using experiment = await createShellExperiment({ shell: 'true' });
  await writeFile(join(experiment.dir, 'file'), '');
  await symlink('nowhere/at-all', join(experiment.dir, 'dangling'));
  await symlink('circle', join(experiment.dir, 'circle'));
  await mkdir(join(experiment.dir, 'real'));
  await symlink('real', join(experiment.dir, 'link'));
  const before = (await readdir(experiment.dir)).sort();
  const file = 'file is not a directory, so no runs can be stored below it.';
  for (const [runsDir, what] of [
    ['file', file],
    ['file/below', file],
    ['file/in/the/middle', file],
    ['dangling', 'dangling is a broken symbolic link, so no runs can be stored below it.'],
    ['dangling/below', 'dangling is a broken symbolic link, so no runs can be stored below it.'],
    ['circle', 'circle is a broken symbolic link, so no runs can be stored below it.'],
  ] as const) {
    const plan = await planExperiment({ config: experiment.config, runsDir: join(experiment.dir, runsDir), frameworks: ['all'] });
    assert.deepEqual(
      plan.findings.map((issue) => issue.what),
      [join(experiment.dir, what)],
    );
    assert.match(plan.findings[0]!.fix, /--runs-dir/);
  }
  issuesOf(experiment, { runsDir: 'dangling/below' });
  assert.deepEqual((await readdir(experiment.dir)).sort(), before);
  const runsDir = join(experiment.dir, 'link/runs');
  assert.deepEqual((await planExperiment({ config: experiment.config, runsDir, frameworks: ['all'] })).findings, []);
});

test('a missing git is reported', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'true' },
    { frameworks: { shell: { adapter: 'command', command: ['/bin/sh'] } } },
  );
  const [issue] = issuesOf(experiment, { env: { PATH: join(experiment.dir, 'nothing') } });
  assert.equal(issue?.what, 'git could not be run.');
});

test('a runs directory below a read-only directory is reported', { skip: whyNoUnprivilegedUser() }, async () => {
  await using experiment = await createShellExperiment({ shell: 'true' });
  await mkdir(join(experiment.dir, 'closed'));
  await chmod(join(experiment.dir, 'closed'), 0o555);
  await chmod(experiment.dir, 0o755);
  const user = isRoot ? { user: UNPRIVILEGED_ID } : {};
  const issues = issuesOf(experiment, { runsDir: 'closed/runs', ...user });
  const fix = 'Grant write permission there, or pass another directory with --runs-dir (library: `runsDir`).';
  assert.deepEqual(issues, [{ what: 'closed is not writable.', fix }]);
});

test('a nearly full disk is reported', async (t) => {
  const disk = mountSmallDisk(1024 * 1024);
  if (typeof disk === 'string') {
    t.skip(disk);
    return;
  }
  try {
    await using experiment = await createShellExperiment({ shell: 'true' });
    const plan = await planExperiment({ config: experiment.config, runsDir: join(disk.path, 'runs'), frameworks: ['all'] });
    const [issue, ...others] = plan.findings;
    assert.deepEqual(others, []);
    assert.match(issue?.what ?? '', /has 1 MiB of free space; a run needs at least 64 MiB\.$/);
    assert.match(issue?.fix ?? '', /^Free disk space there/);
  } finally {
    disk.remove();
  }
});
