/** `stepwell reconcile` as a user has it: a child process that asks a usage server on loopback. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { MINUTE, createFixture, type ReconcileFixture } from '../reconcile/sealed-runs.ts';
import type { UsageServerOptions } from '../reconcile/usage-server/server.ts';
import { CLI, cleanEnv, finished, letNpxFindStepwell, type Finished } from './child.ts';

const dir = mkdtempSync(join(tmpdir(), 'stepwell-reconcile-cli-'));
letNpxFindStepwell(dir);
after(() => rmSync(dir, { recursive: true, force: true }));

/** The made runs are of the past: by default they would all be too old to be waited for. */
const AGE = ['--max-age', '87600'];
/** Two readings count however soon they follow each other. */
const AT_ONCE = { reconciliation: { interval_minutes: 0 } };

interface Here extends AsyncDisposable, Pick<ReconcileFixture, 'make' | 'server' | 'runsDir'> {
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ReturnType<typeof spawn>;
  /** With the runs directory, from another one. */
  stepwell(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
}

async function here(options: Partial<UsageServerOptions> = {}): Promise<Here> {
  const made = await createFixture({ now: new Date(), ...options });
  const start: Here['start'] = (args, env = {}) =>
    spawn(process.execPath, [CLI, ...args, '--runs-dir', made.runsDir], {
      cwd: dir,
      env: cleanEnv({ ...made.env, RECONCILIATION_VERIFICATION_INTERVAL_MIN: '', ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    make: async (run) => await made.make(run),
    server: made.server,
    runsDir: made.runsDir,
    start,
    stepwell: async (args, env) => await finished(start(args, env)),
    [Symbol.asyncDispose]: async () => await made[Symbol.asyncDispose](),
  };
}

function assertFitsTerminal({ stdout, stderr }: Finished): void {
  for (const line of `${stdout}\n${stderr}`.split('\n')) {
    // Commands to type and paths stay whole.
    assert.ok(line.length <= 80 || /npx stepwell|\/runs/.test(line), `${line.length} columns: ${line}`);
  }
}

describe('one run', () => {
  test('two equal readings verify a run, and every other command shows that', async () => {
    await using it = await here();
    const runDir = await it.make({
      id: '20260302-120000-good',
      calls: [{ at: 0 }, { at: 90_000, input: 500, cached: 200, step: 2 }],
      claim: { input_tokens: 700, output_tokens: 60, calls: 1 },
      ...AT_ONCE,
    });
    const first = await it.stepwell(['reconcile', ...AGE]);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    assert.match(
      first.stdout,
      /^baes\/20260302-120000-good {2}provisional, attempt 1, ended \d+ days ago\n {2}1 of 2 equal readings/,
    );
    assert.match(first.stdout, /^ {5,}framework +proxy +provider +difference$/m);
    assert.match(first.stdout, /^ {4}input tokens +1,400 +1,500 +1,500 +0$/m);
    assert.match(first.stdout, /^ {4}cached of these +- +200 +200 +0$/m);
    assert.match(first.stdout, /^ {2}largest difference 0%, within the threshold of 1%$/m);
    assert.match(
      first.stdout,
      /next: a reading counts now, with\n {4}npx stepwell reconcile baes 20260302-120000-good --runs-dir /,
    );
    assertFitsTerminal(first);

    const second = await it.stepwell(['reconcile', 'baes', 'latest', ...AGE]);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /good {2}verified, attempt 2/);
    assert.doesNotMatch(second.stdout, /next:/);

    const third = await it.stepwell(['reconcile', ...AGE]);
    assert.equal(third.code, 0);
    assert.match(third.stdout, /^No run is pending\. The only run in .*: 1 verified\.\n$/);
    assert.match((await it.stepwell(['show', 'good'])).stdout, /^Reconciled verified at /m);
    assert.match((await it.stepwell(['summary', 'good'])).stdout, /RECONCILIATION SUMMARY\n=+\nStatus: VERIFIED\n/);
    assert.match((await it.stepwell(['summary', 'good', '--format', 'markdown'])).stdout, /^## Reconciliation$/m);
    assert.match((await it.stepwell(['logs', 'good', '--component', 'reconciliation'])).stdout, /Attempt 2: verified/);
    assert.match((await it.stepwell(['verify', 'good'])).stdout, /^verified: .*\nchecked: .*reconciliation attempts 2\n$/);
    const entry = JSON.parse((await it.stepwell(['list', '--json'])).stdout) as Record<string, unknown>;
    assert.deepEqual(
      [entry['verification_status'], entry['provider_tokens_in'], entry['provider_tokens_out']],
      ['verified', 1500, 200],
    );
    const rebuilt = await it.stepwell(['list', '--rebuild', '--json']);
    assert.deepEqual(JSON.parse(rebuilt.stdout), entry, 'the index can be made anew from the run');
    assert.match((await it.stepwell(['recover', '--all'])).stderr, /No run needs recovery/);
    assert.match(readFileSync(join(runDir, 'logs_summary.txt'), 'utf8'), /Status: VERIFIED/);
  });

  test('higher figures at the provider exit 3 with the signed difference and possible explanations', async () => {
    await using it = await here();
    const calls = [{ at: 0 }, { at: 30_000, ends: 'aborted' as const, booked: true, input: 777, output: 5 }];
    await it.make({ id: '20260302-120000-badd', calls, ...AT_ONCE });
    assert.equal((await it.stepwell(['reconcile', ...AGE])).code, 0, 'one reading settles nothing');
    const done = await it.stepwell(['reconcile', ...AGE]);
    assert.equal(done.code, 3);
    assert.match(done.stdout, /badd {2}mismatch, attempt 2/);
    assert.match(done.stdout, /^ {4}input tokens +none +1,000 +1,777 +\+777$/m);
    assert.match(done.stdout, /could explain it: 1 call of this run ended without token figures/);
    assert.match(done.stdout, /npx stepwell logs 20260302-120000-badd --component metrics/);
    assertFitsTerminal(done);
    assert.equal((await it.stepwell(['reconcile', ...AGE])).code, 0, 'a settled mismatch is not asked for again');
    assert.equal((await it.stepwell(['reconcile', 'badd', ...AGE])).code, 3, 'by name it is');
    it.server.addFault({ kind: 'status', status: 404 });
    assert.equal((await it.stepwell(['reconcile', 'badd', ...AGE])).code, 1, 'it stands, but was not read again');
    assert.equal((await it.stepwell(['verify', 'badd'])).code, 0, 'the record is whole all the same');
  });

  test('without access reconcile exits 1 with the missing scope and a fix, and marks the older figures as old', async () => {
    await using it = await here();
    await it.make({ id: '20260302-120000-shut', calls: [{ at: 0 }] });
    const keyless = await it.stepwell(['reconcile', ...AGE], { OPENAI_ADMIN_KEY: '' });
    assert.equal(keyless.code, 1);
    assert.match(keyless.stdout, /unavailable[^]*No admin key for usage is set[^]*fix: Set OPENAI_ADMIN_KEY/);
    assert.equal((await it.stepwell(['reconcile', ...AGE])).code, 0);
    const refused = await it.stepwell(['reconcile', ...AGE], { OPENAI_ADMIN_KEY: 'sk-proj-ordinary-0123456789abcdef' });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /HTTP 403[^]*model API key[^]*api\.usage\.read/);
    assert.match(refused.stdout, /^ {2}as of 20.* UTC:\n/m);
    assert.doesNotMatch(refused.stdout + refused.stderr, /0123456789abcdef/);
    assertFitsTerminal(refused);
    assert.equal((await it.stepwell(['verify', 'shut'])).code, 0);
  });

  test('a run whose calls are not billed is not applicable, and exits 0', async () => {
    await using it = await here();
    await it.make({ id: '20260302-120000-home', calls: [{ at: 0 }], provider: null });
    const done = await it.stepwell(['reconcile', 'baes', 'home']);
    assert.equal(done.code, 0);
    assert.match(done.stdout, /home {2}not applicable/);
    assert.equal(it.server.requests.length, 0);
  });
});

describe('several runs', () => {
  async function several(it: Here): Promise<void> {
    await it.make({ id: '20260302-120000-good', calls: [{ at: 0 }], ...AT_ONCE });
    await it.make({ framework: 'chatdev', id: '20260302-120800-shaa', from: 8 * MINUTE, calls: [{ at: 8 * MINUTE + 10_000 }] });
    await it.make({ framework: 'ghspec', id: '20260302-120801-shab', from: 8 * MINUTE, calls: [{ at: 8 * MINUTE + 20_000 }] });
    await it.make({ framework: 'ghspec', id: '20260302-130000-none', from: 60 * MINUTE, to: 61 * MINUTE });
    await it.make({ framework: 'local', id: '20260302-140000-home', from: 120 * MINUTE, to: 121 * MINUTE, provider: null });
  }

  test('each run is printed as a block when it has been read, progress goes to stderr, and the last line sums up', async () => {
    await using it = await here();
    await several(it);
    const done = await it.stepwell(['reconcile', ...AGE]);
    assert.equal(done.code, 0);
    assert.match(done.stderr, /^\[1\/4\] baes\/20260302-120000-good\n\[2\/4\] /);
    assert.match(done.stdout, /^4 runs read: 4 provisional$/m);
    assert.match(done.stdout, /^ {5,}framework +proxy +proxy, all +provider +difference$/m);
    assert.match(
      done.stdout,
      /bound: input 0 to 2000, output 0 to 200 by this run alone, since 1 minute is\n {4}shared with ghspec/,
    );
    assert.match(
      done.stdout,
      /Next, once a reading counts, or until all runs are settled:\n {2}npx stepwell reconcile --runs-dir/,
    );
    assertFitsTerminal(done);
  });

  test('the options of the original are accepted at any position', async () => {
    await using it = await here();
    await several(it);
    const young = await it.stepwell(['reconcile', '--min-age', '5000000', 'chatdev', ...AGE]);
    assert.equal(young.code, 0);
    assert.match(young.stdout, /shaa {2}pending, no attempt yet[^]*due 5000000 minutes\s+after its end/);
    assert.equal(it.server.requests.length, 0);
    const forced = await it.stepwell(['reconcile', '--min-age', '5000000', 'chatdev', '--force', 'shaa', ...AGE]);
    assert.match(forced.stdout, /shaa {2}provisional/);
    const old = await it.stepwell(['reconcile', 'ghspec', '--max-age', '24']);
    assert.match(old.stdout, /no further reading is needed/);
    const { stdout } = await it.stepwell(['reconcile', '--list', ...AGE]);
    assert.ok(stdout.includes('baes/') && stdout.includes('chatdev/') && !stdout.includes('ghspec/'), stdout);
  });

  test('--list prints pending runs without an API call; --verbose prints all runs by state; --json has every field', async () => {
    await using it = await here();
    await several(it);
    const waiting = await it.stepwell(['reconcile', '--list', ...AGE]);
    assert.equal(waiting.code, 0);
    assert.equal(waiting.stdout.match(/pending, no attempt yet, ended \d+ days ago/g)?.length, 4);
    assertFitsTerminal(waiting);
    const all = await it.stepwell(['reconcile', '--list', '--verbose', ...AGE]);
    assert.match(
      all.stdout,
      /^5 runs: 4 pending, 1 not applicable\n\nPENDING \(4\)\n {2}baes[^]*\nNOT APPLICABLE \(1\)\n {2}local\//,
    );
    assert.match(all.stdout, /proxy 1,000 in, 100 out$/m);
    assertFitsTerminal(all);
    const { results } = JSON.parse((await it.stepwell(['reconcile', '--list', '--json', ...AGE])).stdout) as {
      results: { run_id: string; state: string; settled: boolean }[];
    };
    assert.equal(results.length, 4);
    assert.ok(results.every(({ state, settled }) => state === 'pending' && !settled));
    assert.equal(it.server.requests.length, 0);
  });

  test('--json prints one document to stdout and nothing else', async () => {
    await using it = await here();
    await several(it);
    const done = await it.stepwell(['reconcile', '--json', ...AGE]);
    assert.deepEqual([done.code, done.stderr], [0, '']);
    const { results } = JSON.parse(done.stdout) as {
      results: { run_id: string; action: string; state: string; reconciliation: { attempts: unknown[] } }[];
    };
    assert.deepEqual(
      results.map(({ run_id, action, state }) => [run_id.slice(-4), action, state]),
      ['good', 'shaa', 'shab', 'none'].map((id) => [id, 'read', 'provisional']),
    );
    assert.equal(results[0]?.reconciliation.attempts.length, 1);
  });

  test('--watch reads until all runs are settled, with a line for each round', async () => {
    await using it = await here();
    await several(it);
    const done = await it.stepwell(['reconcile', '--watch', ...AGE], { RECONCILIATION_MIN_STABLE_VERIFICATIONS: '1' });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^round 1: 4 of 4 runs settled; all done$/m);
    const json = await it.stepwell(['reconcile', '--watch', '--json', '--force', 'baes', ...AGE], {
      RECONCILIATION_MIN_STABLE_VERIFICATIONS: '1',
    });
    const lines = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    assert.deepEqual(
      lines.map(({ type }) => type),
      ['result', 'round'],
    );
  });

  test('Ctrl-C ends a waiting --watch with exit code 130, and the readings so far are recorded', async () => {
    await using it = await here();
    await it.make({ id: '20260302-120000-long', calls: [{ at: 0 }] });
    const child = it.start(['reconcile', '--watch', ...AGE]);
    let stdout = '';
    const slept = new Promise<void>((resolve) => {
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        if (stdout.includes('round 1:')) resolve();
      });
    });
    const ended = finished(child);
    await slept;
    child.kill('SIGINT');
    const { code } = await ended;
    assert.equal(code, 130);
    assert.match(stdout, /^round 1: 0 of 1 run settled; next reading 20.* UTC, in \d+ min$/m);
    assert.equal((await it.stepwell(['verify', 'long'])).code, 0);
  });
});

describe('wrong usage', () => {
  for (const [name, args, env, says] of [
    [
      'a number that is none',
      ['--min-age', 'soon'],
      {},
      /--min-age: the minimum age of a run is "soon", but must be a number from 0 to 5256000\./,
    ],
    ['a negative age', ['--max-age', '-1'], {}, /--max-age: the maximum age of a run is "-1"|argument missing|unknown option/],
    ['options that exclude each other', ['--list', '--watch'], {}, /--watch.*cannot be used with.*--list/],
    ['a framework without runs', ['chatdev', 'latest'], {}, /There are no runs of "chatdev"/],
    ['a run that is none', ['nosuchrun'], {}, /No run in .* matches "nosuchrun"/],
    ['three arguments', ['baes', 'latest', 'more'], {}, /too many arguments/],
    [
      'the original’s interval',
      [],
      { RECONCILIATION_VERIFICATION_INTERVAL_MIN: 'often' },
      /RECONCILIATION_VERIFICATION_INTERVAL_MIN: the minimum time between two readings is "often"/,
    ],
    [
      'the original’s number',
      [],
      { RECONCILIATION_MIN_STABLE_VERIFICATIONS: '0' },
      /RECONCILIATION_MIN_STABLE_VERIFICATIONS: the number of equal readings is "0", but must be a whole number from 1 to 100\./,
    ],
  ] as const) {
    test(`${name}: exits 2 with a fix`, async () => {
      await using it = await here();
      await it.make({ id: '20260302-120000-good', calls: [{ at: 0 }] });
      const done = await it.stepwell(['reconcile', ...args], env);
      assert.deepEqual([done.code, done.stdout], [2, ''], done.stderr);
      assert.match(done.stderr, says);
      assert.match(done.stderr, /^fix: /m);
      assert.equal(it.server.requests.length, 0);
    });
  }

  test('without any run there is nothing to do, and reconcile exits 0', async () => {
    await using it = await here();
    const done = await it.stepwell(['reconcile']);
    assert.equal(done.code, 0);
    assert.match(done.stdout, /^No run is pending: there are no runs in .*\.\n$/);
  });
});
