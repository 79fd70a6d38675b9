import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CLI, cleanEnv, finished, newCliDirectory, type CliDirectory } from './child.ts';
import { needsPty, runInTerminal } from '../exec/terminal.ts';
import { writeExperiment } from './experiment.ts';

let place: CliDirectory;
beforeEach(() => {
  place = newCliDirectory();
});
afterEach(() => place.remove());

const runDirs = (): string[] => (existsSync(join(place.dir, 'runs/tool')) ? readdirSync(join(place.dir, 'runs/tool')) : []);

test('run prints progress to stderr as plain lines, and to stdout only the head of the summary, the place and the next commands', async () => {
  writeExperiment(place.dir, 'echo made step $1; echo $1 > file$1.txt');
  const done = await place.stepwell(['run', 'tool', '1']);
  assert.equal(done.code, 0, done.stderr);
  const [run = ''] = runDirs();
  const end = run.slice(-4);
  const progress = done.stderr.split('\n');
  const expected = [
    `started: tool ${run} .*`,
    'step 1 part-1: attempt 1',
    'step 1 part-1: success in .*',
    'step 2 part-2: attempt 1',
    'step 2 part-2: success in .*',
    'sealing the record',
    'success after .*',
  ];
  for (const [index, text] of expected.entries()) assert.match(progress[index] ?? '', new RegExp(`^tool ${end}  ${text}$`));
  // An empty line keeps it apart from the results on a terminal that shows both.
  assert.deepEqual(progress.slice(expected.length), ['', '']);
  assert.ok(done.stdout.startsWith(`Run ID: ${run}\n`), done.stdout);
  for (const text of [
    'Status: SUCCESS\n',
    `Record: runs/tool/${run}\n`,
    `  npx stepwell show ${run}\n`,
    `  npx stepwell verify ${run}\n`,
  ]) {
    assert.ok(done.stdout.includes(text), `${JSON.stringify(text)} is not in\n${done.stdout}`);
  }
  assert.doesNotMatch(done.stdout, /attempt 1|sealing/);
  assert.ok(!`${done.stdout}${done.stderr}`.includes('\u001b'), 'no escape goes to a pipe');

  const verified = await place.stepwell(['verify', 'latest']);
  assert.equal(verified.code, 0, verified.stdout);
  const summary = readFileSync(join(place.dir, 'runs/tool', run, 'logs_summary.txt'), 'utf8');
  assert.equal((await place.stepwell(['summary', end])).stdout, summary);
  assert.equal((await place.stepwell(['summary', `runs/tool/${run}/run.tar.gz`])).stdout, summary);
  const logs = await place.stepwell(['logs', 'latest', '--component', 'adapter', '--grep', '^process_output: made step']);
  assert.deepEqual(
    logs.stdout
      .trim()
      .split('\n')
      .map((text) => text.slice(13)),
    ['INFO  001 adapter      made step 1', 'INFO  002 adapter      made step 2'],
  );
});

test('run --console writes only records to a file or a pipe, one line of JSON each, and the results to stdout', async () => {
  writeExperiment(place.dir, 'echo $1 > file$1.txt', { steps: 1 });
  const done = await place.stepwell(['run', 'tool', '--console', 'info']);
  assert.equal(done.code, 0, done.stderr);
  const events = done.stderr
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  assert.ok(events.includes('step_start') && events.includes('run_end'), events.join());
  assert.match(done.stdout, /^Run ID: /);
});

test('on a terminal progress is drawn while the results go to a file', needsPty, async () => {
  writeExperiment(place.dir, 'echo $1 > file$1.txt', { steps: 1 });
  const results = join(place.dir, 'results.txt');
  const redirected = `import { spawnSync } from 'node:child_process';
    import { openSync } from 'node:fs';
    const stdio = ['inherit', openSync('results.txt', 'w'), 'inherit'];
    process.exitCode = spawnSync(process.execPath, [${JSON.stringify(CLI)}, 'run', 'tool'], { stdio }).status;`;
  const shown = await runInTerminal([], ['--input-type=module', '-e', redirected], {
    cwd: place.dir,
    env: cleanEnv({ TERM: 'xterm-256color' }),
  });
  assert.ok(shown.includes('\u001b[?2026h'), 'no block was drawn');
  assert.match(shown, /exit 0\n$/);
  assert.doesNotMatch(shown, /Run ID/);
  const written = readFileSync(results, 'utf8');
  assert.ok(written.startsWith('Run ID: ') && !written.includes('\u001b'), written);
});

test('after runs whose calls a provider bills, run prints from when they can be reconciled, and list shows their state', async () => {
  const endpoint = 'endpoint: { base_url: "http://127.0.0.1:9/v1", usage_api: { provider: openai } }';
  writeExperiment(place.dir, 'echo $1 > file$1.txt', {
    steps: 1,
    more: `model: gpt-x\n${endpoint}\nreconciliation: { min_age_minutes: 45 }\n`,
  });
  const billed = await place.stepwell(['run', 'tool'], { RECONCILIATION_MIN_STABLE_VERIFICATIONS: 'none of the run’s business' });
  assert.equal(billed.code, 0, billed.stderr);
  const said =
    /\n {2}npx stepwell verify .*\n\nFrom (.{16}) UTC on, in 45 min, compare with the provider’s usage:\n {2}npx stepwell reconcile\n$/;
  assert.match(billed.stdout, said);
  const [run = ''] = runDirs();
  const metadata = JSON.parse(readFileSync(join(place.dir, 'runs/tool', run, 'metadata.json'), 'utf8')) as { ended_at: string };
  const due = new Date(Date.parse(metadata.ended_at) + 45 * 60_000).toISOString().slice(0, 16).replace('T', ' ');
  assert.equal(said.exec(billed.stdout)?.[1], due);
  assert.match((await place.stepwell(['list'])).stdout, /TIME {2}RECONCILED\n.*pending\n/);

  const rehearsed = await place.stepwell(['run', 'tool', '--rehearse']);
  assert.doesNotMatch(rehearsed.stdout, /reconcile/);
  const dryRun = await place.stepwell(['run', 'tool', '2', '--dry-run']);
  assert.doesNotMatch(dryRun.stdout, /reconcile/);
});

test('run --json prints one launch line and one done line for each run, and nothing else', async () => {
  writeExperiment(place.dir, 'echo $1 > file$1.txt', { steps: 1 });
  const done = await place.stepwell(['run', 'all', '2', '--jobs', '2', '--json']);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.stderr, '');
  const lines = done.stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
  assert.deepEqual(
    lines.map((line) => line['type']),
    ['launch', 'done', 'done'],
  );
  const [launch = {}, ...ended] = lines;
  assert.deepEqual(launch['steps'], [{ step: 1, name: 'part-1' }]);
  assert.equal((launch['runs'] as unknown[]).length, 2);
  assert.deepEqual(
    ended.map((line) => Number(line['round'])).sort((a, b) => a - b),
    [1, 2],
  );
  assert.deepEqual(ended.map((line) => String(line['run_id'])).sort(), runDirs().sort());
  for (const line of ended) assert.deepEqual([line['status'], line['record']], ['success', 'complete']);
});

test('a failed run exits 4 and prints what failed, the last lines of output and the commands that show more', async () => {
  writeExperiment(place.dir, 'echo all is well; [ $1 = 1 ] && touch made || { printf "cannot go \\033[31mon\\n" >&2; exit 3; }');
  const done = await place.stepwell(['run', 'tool']);
  assert.equal(done.code, 4, done.stderr);
  const [run = ''] = runDirs();
  assert.match(done.stdout, /Failing Step: 002 part-2.*\nCause: .*exit code 3\n/);
  assert.match(done.stdout, /Last lines of output:\n( {2}\| .*\n)* {2}\| cannot go on\n/);
  assert.ok(done.stdout.includes(`  npx stepwell logs ${run} --step 2\n`), done.stdout);
  const lines = await place.stepwell(['list']);
  assert.match(lines.stdout, /tool +failed +1\/2/);
});

test('--dry-run prints the plan and starts nothing; a blocking problem gives exit code 2', async () => {
  writeExperiment(place.dir, 'true');
  const plan = await place.stepwell(['run', 'tool', '3', '--jobs', '2', '--steps', '2', '--dry-run']);
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /Runs: 3 \(tool × 3\), 2 at a time\nSteps: 1\n {4}2 {2}part-2/);
  const json = JSON.parse((await place.stepwell(['run', 'tool', '--dry-run', '--json'])).stdout) as {
    type: string;
    findings: unknown[];
  };
  assert.deepEqual([json.type, json.findings], ['plan', []]);
  assert.equal(existsSync(join(place.dir, 'runs')), false);

  writeExperiment(place.dir, 'true');
  const config = join(place.dir, 'config/experiment.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('command: [sh,', 'command: [no-such-program-here,'));
  const blocked = await place.stepwell(['run', 'tool', '--dry-run']);
  assert.equal(blocked.code, 2);
  assert.match(blocked.stdout, /Blocking problems:\n {2}.*no-such-program-here/);
  const refused = await place.stepwell(['run', 'tool']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^error\[CHECKS_FAILED\]: .*\n?.*no-such-program-here[^]*fix: /);
  assert.equal(existsSync(join(place.dir, 'runs')), false, 'a failed check leaves no run directory');
  const doctor = await place.stepwell(['doctor']);
  assert.equal(doctor.code, 2);
  assert.match(doctor.stdout, /not ready {2}tool: .*no-such-program-here.*\n +fix: /);
});

for (const [what, stream, args] of [
  ['its progress', 'stderr', []],
  ['its JSON', 'stdout', ['--json']],
] as const) {
  test(`a run continues when the reader of ${what} is gone`, async () => {
    writeExperiment(place.dir, 'echo $1 > file$1.txt', { steps: 3 });
    const child = place.start(['run', 'tool', ...args]);
    child[stream]?.once('data', () => child[stream]?.destroy());
    const { code } = await finished(child);
    assert.equal(code, 0);
    const [run = ''] = runDirs();
    const metadata = JSON.parse(readFileSync(join(place.dir, 'runs/tool', run, 'metadata.json'), 'utf8')) as { status: string };
    assert.equal(metadata.status, 'success');
  });
}

test('a run whose output goes to a full disk is completed and sealed, reports the failed write and exits 1', async (t) => {
  if (!existsSync('/dev/full')) {
    t.skip('there is no /dev/full on this system');
    return;
  }
  for (const [json, said] of [
    [[], /\n\nerror\[STDOUT_WRITE_FAILED\]: The output could not be written: .*ENOSPC.*\nfix: .*\n$/],
    [
      ['--json'],
      /^\{"error":\{"code":"STDOUT_WRITE_FAILED","message":"The output could not be written: .*ENOSPC.*","fix":".*"\}\}\n$/,
    ],
  ] as const) {
    writeExperiment(place.dir, 'echo $1 > file$1.txt', { steps: 1 });
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [CLI, 'run', 'tool', ...json], {
      cwd: place.dir,
      env: cleanEnv(),
      stdio: ['ignore', full, 'pipe'],
    });
    const { code, stderr } = await finished(child);
    closeSync(full);
    assert.equal(code, 1);
    assert.match(stderr, said);
    assert.equal((await place.stepwell(['verify', 'latest'])).code, 0);
  }
});

test('logs -f in another process shows the records of a run as they are written, and ends with the run', async () => {
  writeExperiment(place.dir, 'echo begun $1; until [ -e ../../../../go$1 ]; do sleep 0.05; done; echo $1 > file$1.txt');
  const running = finished(place.start(['run', 'tool', '--json']));
  await until(() => runDirs().length > 0 && existsSync(join(place.dir, 'runs/tool', runDirs()[0] ?? '', '.stepwell/lease.json')));
  const follower = place.start(['logs', '-f', 'latest', '--grep', 'begun|run_end']);
  let seen = '';
  follower.stdout?.setEncoding('utf8').on('data', (text: string) => (seen += text));
  const followed = finished(follower);
  await until(() => seen.includes('begun 1'));
  assert.ok(!seen.includes('begun 2'));
  const listed = await place.stepwell(['list']);
  assert.match(listed.stdout, /tool +running +-\/2/);
  writeFileSync(join(place.dir, 'go1'), '');
  await until(() => seen.includes('begun 2'));
  writeFileSync(join(place.dir, 'go2'), '');
  assert.equal((await running).code, 0);
  assert.equal((await followed).code, 0);
  assert.match(seen, /begun 1\n[^]*begun 2\n[^]*run_end/);
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it did not happen within a minute');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('Ctrl-C shuts the run down cleanly: exit code 130 and a complete record with the status interrupted', async () => {
  writeExperiment(place.dir, 'echo begun; sleep 600');
  const child = place.start(['run', 'tool']);
  child.stderr?.once('data', () => child.kill('SIGINT'));
  const { code, stdout, stderr } = await finished(child);
  assert.equal(code, 130, stdout);
  assert.match(stderr, /Shutting down cleanly\. Press Ctrl-C again to force\./);
  assert.match(stdout, /Status: INTERRUPTED\n/);
  const verified = await place.stepwell(['verify', 'latest']);
  assert.equal(verified.code, 0, verified.stdout);
});

test('verify reports one flipped byte as text and as JSON, and exits 3', async () => {
  writeExperiment(place.dir, 'echo $1 > file$1.txt', { steps: 1 });
  await place.stepwell(['run', 'tool', '--json']);
  const archive = join(place.dir, 'runs/tool', runDirs()[0] ?? '', 'run.tar.gz');
  const bytes = readFileSync(archive);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(archive, bytes);
  const words = await place.stepwell(['verify', 'latest']);
  assert.equal(words.code, 3);
  assert.match(words.stdout, /^\d+ differences?: runs\/tool\//);
  assert.match(words.stdout, /\n {2}.*sha256.*\n {4}recorded: {3}[0-9a-f]{64}\n {4}recomputed: [0-9a-f]{64}\n/i);
  const json = await place.stepwell(['verify', 'latest', '--json']);
  assert.equal(json.code, 3);
  const report = JSON.parse(json.stdout) as { ok: boolean; items: unknown[] };
  assert.equal(report.ok, false);
  assert.ok(report.items.length > 0);
});

test('recover refuses a live run and completes one whose process was killed', async () => {
  writeExperiment(place.dir, 'echo begun; sleep 600');
  const child = place.start(['run', 'tool']);
  await until(
    () => runDirs().length > 0 && existsSync(join(place.dir, 'runs/tool', runDirs()[0] ?? '', 'logs/step_001/adapter.log')),
  );
  const refused = await place.stepwell(['recover', 'latest']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^error\[RUN_LIVE\]: The run .* is being written by process \d+/);
  const ended = finished(child);
  child.kill('SIGKILL');
  await ended;
  assert.match((await place.stepwell(['list'])).stdout, /tool +crashed/);
  const unsealed = await place.stepwell(['verify', 'latest']);
  assert.equal(unsealed.code, 2);
  assert.match(
    unsealed.stderr,
    /^error\[RUN_NOT_SEALED\]: The run .* is not sealed: its process is gone\.\nfix: .*`npx stepwell recover \d/,
  );
  const recovered = await place.stepwell(['recover', '--all']);
  assert.equal(recovered.code, 0, recovered.stderr);
  assert.match(recovered.stdout, /: recovered, status crashed, record complete; ended \d+ process/);
  assert.match((await place.stepwell(['recover', '--all'])).stderr, /No run needs recovery/);
  assert.match((await place.stepwell(['recover', 'latest'])).stdout, /nothing to do/);
  const [run = ''] = runDirs();
  assert.deepEqual(JSON.parse((await place.stepwell(['recover', 'latest', '--json'])).stdout), {
    run_id: run,
    run_dir: join(realpathSync(place.dir), 'runs/tool', run),
    outcome: 'nothing_to_do',
  });
  assert.equal((await place.stepwell(['verify', 'latest'])).code, 0);
});

test('several runs end with one table, a few lines for each failed run, and the number of runs that an interruption prevented', async () => {
  writeExperiment(place.dir, 'echo trying; [ -e ../../../../go ] && exec sleep 600; touch ../../../../go; exit 3');
  const child = place.start(['run', 'tool', '3']);
  let seen = '';
  let interrupted = false;
  child.stderr?.on('data', (text: string) => {
    seen += text;
    if (interrupted || seen.split('attempt 1').length < 3) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  const { code, stdout } = await finished(child);
  assert.equal(code, 130, stdout);
  assert.match(
    stdout,
    /^RUN .*\n\S+ +tool +failed +0\/2 .*\n\S+ +tool +interrupted +0\/2 .*\n\n1 run of 3 was not started\.\n\ntool\/\S+\n {2}step 1 .*exit code 3\nLast lines of output:\n {2}\| trying\n/,
  );
});
