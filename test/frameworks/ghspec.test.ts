import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters, recipes } from '../../src/frameworks/index.ts';
import { questionsIn } from '../../src/frameworks/ghspec/prompts.ts';
import { tasksIn } from '../../src/frameworks/ghspec/artifacts.ts';
import { withRun, withStep } from '../../src/log/index.ts';
import type { AdapterStep, FrameworkClaim } from '../../src/run/index.ts';
import type { SetupSettings } from '../../src/setup/index.ts';
import { isLinux, processesWith, until } from '../exec/processes.ts';
import { type FrameworkBehavior } from '../../src/testing/index.ts';
import { testContract } from './contract.ts';
import { fakeSetup } from './fake-setup.ts';
import { createTestRun, type TestRun } from '../../src/testing/index.ts';

const ghspec = adapters['ghspec']!;
const recipe = recipes['ghspec']!;

/** What the agent does in each phase, unless a test says otherwise. */
const AGENT_SCRIPTS = {
  specify: 'd=specs/00$(($(ls specs 2>/dev/null | wc -l) + 1))-f; mkdir -p $d; echo "# Spec" > $d/spec.md; echo $d > .specify/d',
  plan: 'echo "# Plan" > $(cat .specify/d)/plan.md',
  tasks: 'echo "- [ ] T001 write" > $(cat .specify/d)/tasks.md',
  implement: 'echo made > made.txt; sed -i "s/\\[ \\]/[x]/" $(cat .specify/d)/tasks.md',
};
type AgentScripts = Partial<typeof AGENT_SCRIPTS>;

/** A set-up with a `specify` that keeps the command line of the real one, and an agent that is a shell script. */
function createFakeSpecKit(testRun: TestRun, scripts: AgentScripts = {}, env: Record<string, string> = {}): SetupSettings {
  const install_dir = fakeSetup(testRun.outside, recipe, []);
  const specify = join(install_dir, `${recipe.name}@${recipe.commit}`, 'env/bin/specify');
  const script = join(import.meta.dirname, 'fake/specify.mjs');
  writeFileSync(specify, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  const agent = join(testRun.outside, 'agent.sh');
  const cases = Object.entries({ ...AGENT_SCRIPTS, ...scripts }).map(([phase, lines]) => `*"Now ${phase}."*)\n${lines}\n;;`);
  const version = 'case "$1" in --version | --help) echo "agent 1.2.3"; exit ;; esac';
  const told = `cat > '${testRun.scratch}/told'; cat '${testRun.scratch}/told' >> '${testRun.scratch}/told.all'`;
  writeFileSync(agent, `#!/bin/sh\n${version}\n${told}\ncase "$(cat '${testRun.scratch}/told')" in\n${cases.join('\n')}\nesac\n`);
  for (const program of [specify, agent]) chmodSync(program, 0o755);
  return { enabled: true, command: [agent], env, install_dir };
}

const BEHAVIORS: Partial<Record<FrameworkBehavior, AgentScripts>> = {
  succeeds: {},
  fails: { implement: 'echo "it did not work" >&2; exit 3' },
  hangs: { implement: "trap '' TERM INT; setsid sleep 600 & sleep 600 & : > begun; while :; do sleep 600; done" },
  reports: {
    implement: `exec "$NODE" -e 'require("fs").writeFileSync("report.json", JSON.stringify({ cwd: process.cwd(), env: process.env }))'`,
  },
};

testContract({
  name: 'ghspec',
  adapter: ghspec,
  // What the agent prints is mixed with what Spec Kit prints.
  impossible: ['floods', 'prints_invalid_utf8'],
  async simulate(behavior, testRun) {
    return {
      settings: createFakeSpecKit(testRun, BEHAVIORS[behavior], { NODE: process.execPath }),
      hasBegun: () => existsSync(join(testRun.workspace, 'begun')),
      receivedPrompt: () => readFileSync(join(testRun.scratch, 'told'), 'utf8'),
      async [Symbol.asyncDispose]() {},
    };
  },
});

/** One run of the adapter, with a step for each of `steps`. */
async function claimsOf(testRun: TestRun, settings: SetupSettings, ...steps: Partial<AdapterStep>[]): Promise<FrameworkClaim[]> {
  const claims: FrameworkClaim[] = [];
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    await ghspec.prepare(testRun.step({ settings }));
    for (const changes of steps) {
      const step = testRun.step({ settings, ...changes });
      claims.push(await withStep(1, { attempt: 1 }, async () => await ghspec.runStep(step)));
      await ghspec.stop?.(step);
    }
  });
  return claims;
}

async function claimOf(testRun: TestRun, settings: SetupSettings, changes: Partial<AdapterStep> = {}): Promise<FrameworkClaim> {
  return (await claimsOf(testRun, settings, changes))[0]!;
}

for (const [what, specify, work, message] of [
  ['waits at a gate with exit code 0', 'pauses', {}, /^Spec Kit ended as "paused" at "review-spec" \(exit code 0\)$/],
  [
    'completes with exit code 1',
    'completes with exit code 1',
    {},
    /^Spec Kit ended as "completed" at "implement" \(exit code 1\)$/,
  ],
  ['breaks', 'breaks', {}, /^Spec Kit ended as "failed" at "plan" \(exit code 1\): no such integration$/],
  ['ends with exit code 0 and no word', 'says nothing', {}, /^exit code 0, but without its JSON answer$/],
  [
    'claims all and has done nothing',
    'only claims',
    {},
    /^it claims to have completed .*, but there is no new specs\/…\/spec\.md$/,
  ],
  [
    'calls for something unknown',
    'calls for something else',
    {},
    /^it called its agent for something unknown: -p \/other\.thing$/,
  ],
  [
    'has no specification',
    '',
    { specify: 'mkdir -p specs/001-f; echo specs/001-f > .specify/d' },
    /there is no new specs\/…\/spec\.md$/,
  ],
  ['has no plan', '', { plan: ':' }, /there is no specs\/001-f\/plan\.md$/],
  [
    'left the plan as the template is',
    '',
    { plan: 'cp .specify/templates/plan-template.md $(cat .specify/d)/plan.md' },
    /specs\/001-f\/plan\.md is still the empty template$/,
  ],
  ['has an empty list of tasks', '', { tasks: ': > $(cat .specify/d)/tasks.md' }, /there is no specs\/001-f\/tasks\.md$/],
  [
    'wrote no code',
    '',
    { implement: 'echo more >> .pi/note; echo x > .specify/note' },
    /nothing changed outside of specs, \.specify and \.pi$/,
  ],
  [
    'has an agent that removes its texts',
    '',
    { plan: `${AGENT_SCRIPTS.plan}; rm -r .pi` },
    /^the agent failed in the phase tasks: its text is gone from \.pi\/prompts$/,
  ],
  ['has an agent that fails', '', { plan: 'echo broken >&2; exit 3' }, /^the agent failed in the phase plan: exit code 3$/],
] as const) {
  test(`Spec Kit that ${what} has failed`, async () => {
    using testRun = createTestRun();
    const claim = await claimOf(testRun, createFakeSpecKit(testRun, work, { SPECIFY: specify }));
    assert.equal(claim.status, 'failure');
    assert.match(claim.status === 'failure' ? claim.message : '', message);
  });
}

test('each step is a new feature in the same project and needs its own specification', async () => {
  using testRun = createTestRun();
  const once =
    'if [ -d specs ]; then :; else mkdir -p specs/001-f; echo "# Spec" > specs/001-f/spec.md; echo specs/001-f > .specify/d; fi';
  const again = { implement: `${AGENT_SCRIPTS.implement}; date +%N >> made.txt` };
  assert.deepEqual(
    (await claimsOf(testRun, createFakeSpecKit(testRun, again), { step: 1 }, { step: 2 })).map(({ status }) => status),
    ['success', 'success'],
  );
  assert.ok(existsSync(join(testRun.workspace, 'specs/002-f/plan.md')));
  using other = createTestRun();
  const claims = await claimsOf(other, createFakeSpecKit(other, { ...again, specify: once }), { step: 1 }, { step: 2 });
  assert.deepEqual(
    claims.map(({ status }) => status),
    ['success', 'failure'],
  );
});

test('each phase has its own address, HOME and record; the claim sums up what the agent reports for all phases', async () => {
  using testRun = createTestRun();
  const line = '{"type":"message","message":{"role":"assistant","usage":{"input":10,"output":2,"cacheRead":5,"cacheWrite":0}}}';
  const says = `mkdir -p "$HOME/sessions"; echo '${line}' > "$HOME/sessions/s.jsonl"; echo "$HOME" >> '${testRun.scratch}/homes'; cat "$HOME/.pi/agent/models.json" >> '${testRun.scratch}/models'`;
  const work = Object.fromEntries(Object.entries(AGENT_SCRIPTS).map(([phase, lines]) => [phase, `${says}\n${lines}`]));
  const claim = await claimOf(testRun, createFakeSpecKit(testRun, work));
  assert.deepEqual(claim, { status: 'success', usage: { input_tokens: 60, output_tokens: 8, calls: 4 } });
  assert.equal(new Set(readFileSync(join(testRun.scratch, 'homes'), 'utf8').trim().split('\n')).size, 4);
  const phases = ['specify', 'plan', 'tasks', 'implement'];
  const models = readFileSync(join(testRun.scratch, 'models'), 'utf8');
  for (const phase of phases) assert.ok(models.includes(`http://127.0.0.1:9/p/${phase}/v1`), phase);
  const recorded = testRun.records().filter(({ event }) => event === 'framework_phase');
  assert.deepEqual(
    recorded.map(({ metadata }) => [metadata['phase'], metadata['status'], typeof metadata['duration_seconds']]),
    phases.map((phase) => [phase, 'completed', 'number']),
  );
});

test('without usage of every phase there is no usage claim, and the failed phase is named', async () => {
  using testRun = createTestRun();
  const line = '{"type":"message","message":{"role":"assistant","usage":{"input":10,"output":2,"cacheRead":5,"cacheWrite":0}}}';
  const says = `mkdir -p "$HOME/sessions"; echo '${line}' > "$HOME/sessions/s.jsonl"`;
  const claim = await claimOf(
    testRun,
    createFakeSpecKit(testRun, { specify: `${says}\n${AGENT_SCRIPTS.specify}`, plan: 'exit 3' }),
  );
  assert.equal(claim.usage, undefined);
  const recorded = testRun.records().filter(({ event }) => event === 'framework_phase');
  assert.deepEqual(
    recorded.map(({ metadata }) => metadata['status']),
    ['completed', 'failed'],
  );
});

test('questions of the specification are asked once, and the phases after it are told the answer', async () => {
  using testRun = createTestRun();
  const spec =
    '# Spec\n[NEEDS CLARIFICATION: an example of the template?]\n[NEEDS CLARIFICATION: which\n  levels?] [NEEDS CLARIFICATION: which levels?]';
  const specify = `${AGENT_SCRIPTS.specify}\ncat > $(cat .specify/d)/spec.md <<'E'\n${spec}\nE`;
  const asked: string[] = [];
  const answerClarification = (query: string): Promise<string> => {
    asked.push(query);
    return Promise.resolve('Three of them, "beginner" first: $HOME $ARGUMENTS');
  };
  const prompt = 'Courses, "with levels", for $$ and $&.';
  assert.equal(
    (await claimOf(testRun, createFakeSpecKit(testRun, { specify }), { prompt, answerClarification })).status,
    'success',
  );
  assert.deepEqual(asked, ['which levels?']);
  const told = readFileSync(join(testRun.scratch, 'told.all'), 'utf8').split('## User Input\n\n').slice(1);
  assert.equal(told.length, 4);
  assert.ok(!told.some((text) => text.includes('handoffs:')), 'what is no text of the phase stays out');
  assert.ok(told.every((text) => text.startsWith(prompt)));
  const answered = '- which levels?\n\nThe answer:\nThree of them, "beginner" first: $HOME $ARGUMENTS\n';
  assert.deepEqual(
    told.map((text) => text.includes(answered)),
    [false, true, true, true],
  );
});

test('questions without a configured answer fail the attempt with their own error', async () => {
  using testRun = createTestRun();
  const specify = `${AGENT_SCRIPTS.specify}\necho '[NEEDS CLARIFICATION]' > $(cat .specify/d)/spec.md`;
  const answerClarification = () => Promise.reject(new Error('no answer is configured'));
  await assert.rejects(
    claimOf(testRun, createFakeSpecKit(testRun, { specify }), { answerClarification }),
    /no answer is configured/,
  );
});

test('unfinished tasks are a warning, not a failure', async () => {
  using testRun = createTestRun();
  assert.equal((await claimOf(testRun, createFakeSpecKit(testRun, { implement: 'echo made > made.txt' }))).status, 'success');
  assert.ok(testRun.records().some(({ message }) => message === '1 of 1 tasks are not ticked: T001 write'));
});

test('tasks and questions are read from Spec Kit’s Markdown', () => {
  assert.deepEqual(tasksIn('# Tasks\n- [x] T001 a\n  * [X] T002 b\n- [ ] T003 [P] c\n- not a task\n- [link](x)\n'), {
    done: 2,
    open: ['T003 [P] c'],
  });
  assert.deepEqual(questionsIn('[NEEDS CLARIFICATION]: x\n[NEEDS CLARIFICATION: a b]', ''), ['NEEDS CLARIFICATION', 'a b']);
});

test('no process of Spec Kit or the agent outlives the attempt', { skip: !isLinux }, async () => {
  using testRun = createTestRun();
  const implement = `${AGENT_SCRIPTS.implement}\nsetsid sleep 600 > /dev/null 2>&1 &`;
  const claim = await claimOf(testRun, createFakeSpecKit(testRun, { implement }, { SPECIFY: 'leaves processes' }));
  assert.equal(claim.status, 'success');
  assert.deepEqual(processesWith(testRun.processTag), []);
});

test('a hanging Spec Kit is ended with the attempt', { skip: !isLinux }, async () => {
  using testRun = createTestRun();
  const controller = new AbortController();
  const running = claimOf(testRun, createFakeSpecKit(testRun, {}, { SPECIFY: 'hangs' }), { signal: controller.signal });
  await until(() => existsSync(join(testRun.workspace, 'begun')), 'Spec Kit has begun');
  controller.abort();
  assert.equal((await running).status, 'failure');
  assert.deepEqual(processesWith(testRun.processTag), []);
});

test('when Spec Kit dies during a phase, its agent is ended', { skip: !isLinux }, async () => {
  using testRun = createTestRun();
  const work = { specify: ": > begun; trap '' TERM; while :; do sleep 600; done" };
  const claim = await claimOf(testRun, createFakeSpecKit(testRun, work, { SPECIFY: 'dies in a phase' }));
  assert.deepEqual(claim, { status: 'failure', reason: 'exit_code', message: 'exit code 7' });
  assert.deepEqual(processesWith(testRun.processTag), []);
  const recorded = testRun.records().filter(({ event }) => event === 'framework_phase');
  assert.deepEqual(
    recorded.map(({ metadata }) => metadata['status']),
    ['unfinished'],
  );
});

test('an agent that cannot be started fails its phase, and the message names it', async () => {
  using testRun = createTestRun();
  const settings = createFakeSpecKit(testRun);
  const running = claimsOf(testRun, { ...settings, env: { SPECIFY: 'removes the agent', AGENT: settings.command![0]! } }, {});
  await assert.rejects(running, { code: 'PROGRAM_NOT_FOUND', message: /agent\.sh/ });
  const recorded = testRun.records().filter(({ event }) => event === 'framework_phase');
  assert.deepEqual(
    recorded.map(({ metadata }) => metadata['status']),
    ['failed'],
  );
});

test('a phase that is cut off by the end of the attempt is unfinished', { skip: !isLinux }, async () => {
  using testRun = createTestRun();
  const controller = new AbortController();
  const work = { plan: ": > begun; trap '' TERM; while :; do sleep 600; done" };
  const running = claimOf(testRun, createFakeSpecKit(testRun, work), { signal: controller.signal });
  await until(() => existsSync(join(testRun.workspace, 'begun')), 'the agent has begun');
  controller.abort();
  assert.equal((await running).status, 'failure');
  const recorded = testRun.records().filter(({ event }) => event === 'framework_phase');
  assert.deepEqual(
    recorded.map(({ metadata }) => metadata['status']),
    ['completed', 'unfinished'],
  );
});

test('Spec Kit’s agent call works in a directory with spaces and quotes', async () => {
  using testRun = createTestRun();
  const scratch = join(testRun.scratch, `it's "a" $(b); c`);
  assert.equal((await claimOf(testRun, createFakeSpecKit(testRun), { scratch })).status, 'success');
});

test('a failed specify init is reported before the first step', async () => {
  using testRun = createTestRun();
  await assert.rejects(claimOf(testRun, createFakeSpecKit(testRun, {}, { SPECIFY: 'makes no project' })), {
    code: 'SPECKIT_NOT_INITIALISED',
    message: /exit code 5/,
  });
});

test('check reports a missing set-up and a missing agent', async () => {
  using testRun = createTestRun();
  const bare: SetupSettings = { enabled: true, env: { PATH: testRun.outside }, install_dir: join(testRun.outside, 'none') };
  const whatOf = async (settings: SetupSettings) => (await ghspec.check(settings)).map(({ what }) => what);
  const [missing] = await ghspec.check(bare);
  assert.match(missing?.what ?? '', /^not set up: .*\/ghspec@1\.2\.3 is not there\.$/);
  assert.match(missing?.fix ?? '', /stepwell setup ghspec/);
  assert.match((await whatOf({ ...bare, agent: 'nobody' }))[0] ?? '', /There is no coding agent "nobody"/);
  const both = await whatOf({ ...bare, agent: 'codex' });
  assert.match(both.join('\n'), /not set up[^]*"codex" was not found on PATH/);

  const { command, ...settings } = createFakeSpecKit(testRun);
  assert.deepEqual(await whatOf({ ...settings, command: command! }), []);
  assert.match(
    (await ghspec.describe?.({ ...settings, command: command! })) ?? '',
    /^version 1\.2\.3, Python 3\.12\.0, 0 packages, in .*; agent pi 1\.2\.3 \(.*agent\.sh\)$/,
  );
  assert.match((await whatOf({ ...settings, env: { PATH: testRun.outside } }))[0] ?? '', /"pi" was not found on PATH/);
});

test('the agent that setup installed from npm is the one that runs', async () => {
  using testRun = createTestRun();
  const { command: [agent] = [], ...settings } = createFakeSpecKit(testRun);
  const bin = join(settings.install_dir!, `${recipe.name}@${recipe.commit}`, 'agent/node_modules/.bin');
  const { mkdirSync, copyFileSync } = await import('node:fs');
  mkdirSync(bin, { recursive: true });
  copyFileSync(agent!, join(bin, 'pi'));
  appendFileSync(join(bin, 'pi'), 'echo beside >> made.txt\n');
  assert.equal((await claimOf(testRun, settings)).status, 'success');
  assert.match(readFileSync(join(testRun.workspace, 'made.txt'), 'utf8'), /beside/);
});
