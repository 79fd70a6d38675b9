/** Starting, watching and ending the service. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appOf, recordsIn, service, validated } from './recorded-validation.ts';

const list = { name: 'list', operation: 'list', path: '/students' };

/** A zombie has ended; only nobody has asked how. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('validation waits for a service that starts slowly', async () => {
  const { of, checks } = await validated({ app: appOf(), http: [list] }, 'slow');
  assert.deepEqual(checks(), ['list: ok']);
  assert.ok(of('app_ready')[0]!.startup_seconds >= 0.3);
});

test('start.sh runs in the workspace with the port in its environment', async () => {
  const { result, of } = await validated(
    { app: appOf({ command: ['./start.sh'], port_env: 'MY_PORT' }), http: [list] },
    'healthy',
    {
      files(workspace) {
        writeFileSync(join(workspace, 'start.sh'), `#!/bin/sh\npwd\nPORT=$MY_PORT exec "${process.execPath}" "${service}"\n`);
        chmodSync(join(workspace, 'start.sh'), 0o755);
      },
    },
  );
  assert.equal(result.checks_passed, 1);
  assert.deepEqual(of('app_start')[0]!.command, ['./start.sh']);
});

test('{port} in the command is replaced by the port', async () => {
  const command = ['/bin/sh', '-c', `PORT={port} exec "${process.execPath}" "${service}"`];
  const { of, result } = await validated({ app: appOf({ command }), http: [] }, 'healthy');
  const { command: started, port } = of('app_start')[0]!;
  assert.match(started[2]!, new RegExp(`^PORT=${port} `));
  assert.equal(result.app_started, true);
});

test('a service that exits at once is recorded with exit code and last lines, and all checks count as failed', async () => {
  const { result, of, checks } = await validated({ app: appOf(), http: [list, { ...list, operation: 'other' }] }, 'exits');
  const failed = of('app_failed')[0]!;
  assert.equal(failed.reason, 'it ended before it was ready: exit code 3');
  assert.equal(failed.last_lines.length, 20);
  assert.ok(failed.last_lines.includes('line 30') && failed.last_lines.includes('database is missing'));
  assert.deepEqual(checks(), Array(2).fill('list: not sent: the service did not start'));
  assert.deepEqual(
    [result.app_started, result.checks_passed, result.checks_total, result.crud_passed, result.crud_total],
    [false, 0, 2, 0, 1],
  );
  assert.deepEqual([result.polls, result.polls_failed, result.down_seconds], [null, null, null]);
});

const notReady: [mode: string, says: RegExp][] = [
  ['deaf', /^it was not ready on port \d+ within 0\.5 s: connection refused$/],
  ['unhealthy', /^it was not ready on port \d+ within 0\.5 s: GET \/health answered 503$/],
  ['garbage', /^it was not ready on port \d+ within 0\.5 s: .*(Parse Error|Expected HTTP)/],
];
for (const [mode, says] of notReady) {
  test(`a service that never becomes ready fails the validation: ${mode}`, async () => {
    const { of, result } = await validated({ app: appOf({ start_timeout_seconds: 0.5 }), http: [list] }, mode);
    assert.match(of('app_failed')[0]!.reason, says);
    assert.equal(result.app_started, false);
    assert.equal(of('process_end').length, 1, 'it was ended');
  });
}

for (const [what, command, says] of [
  ['that is not there', ['./start.sh'], /start\.sh/],
  ['that is not on the PATH', ['no-such-program-anywhere'], /no-such-program-anywhere/],
] as const) {
  test(`a command ${what} fails the validation, not the run`, async () => {
    const { of, result } = await validated({ app: appOf({ command }), http: [list] }, 'healthy');
    assert.match(of('app_failed')[0]!.reason, says);
    assert.deepEqual([result.app_started, result.checks_passed, result.checks_total], [false, 0, 1]);
  });
}

test('a start.sh without execute permission fails the validation, not the run', async () => {
  const { of } = await validated({ app: appOf({ command: ['./start.sh'] }) }, 'healthy', {
    files: (workspace) => writeFileSync(join(workspace, 'start.sh'), '#!/bin/sh\n', { mode: 0o644 }),
  });
  assert.match(of('app_failed')[0]!.reason, /start\.sh/);
});

test('when a service dies during the checks, downtime starts and later checks fail', async () => {
  const http = [{ name: 'create', method: 'POST', path: '/students', body: {} }, list];
  const { of, checks, result } = await validated({ app: appOf(), http }, 'dies');
  assert.equal(of('downtime').length, 1);
  assert.deepEqual(of('downtime')[0], { state: 'down', down_seconds: null });
  assert.match(checks()[1]!, /^list: connection (refused|reset)$/);
  assert.deepEqual([result.app_started, result.checks_passed, result.polls, result.polls_failed], [true, 0, 1, 1]);
  assert.ok(result.down_seconds !== null && result.down_seconds >= 0);
});

test('downtime is recorded once at its beginning and once at its end, however many polls fail', async () => {
  const slow = Array.from({ length: 4 }, () => ({ ...list, path: '/students' }));
  const { of, result } = await validated({ app: appOf({ health_path: '/health' }), http: [...slow, ...slow] }, 'flaky-slow', {
    healthIntervalSeconds: 0.03,
  });
  assert.deepEqual(
    of('downtime').map((change) => change.state),
    ['down', 'up'],
  );
  assert.ok(of('downtime')[1]!.down_seconds! > 0);
  assert.equal(result.polls_failed, 3);
  assert.ok(result.polls! > 3);
  assert.equal(result.down_seconds, of('downtime')[1]!.down_seconds);
});

test('a service that ignores SIGTERM, and a child that left its session, are ended', async () => {
  const { records, of } = await validated({ app: appOf(), http: [list] }, 'stubborn', { graceSeconds: 0.3 });
  const pids = [
    of('process_start')[0]!.pid,
    Number(/^child (\d+)$/.exec(records.find((one) => one.message.startsWith('child '))!.message)![1]),
  ];
  assert.deepEqual(pids.filter(isAlive), []);
});

test('without a service, all of its measurements are null', async () => {
  const { result } = await validated({ artifacts: 'none' }, 'healthy');
  const { duration_seconds, ...counts } = result;
  assert.ok(duration_seconds >= 0);
  assert.deepEqual(counts, {
    artifacts_passed: 0,
    artifacts_total: 0,
    app_started: null,
    checks_passed: null,
    checks_total: null,
    crud_passed: null,
    crud_total: null,
    polls: null,
    polls_failed: null,
    down_seconds: null,
    interrupted: false,
  });
});

test('a service that a later step builds is not started earlier', async () => {
  const { result, of } = await validated({ app: appOf({ from_step: 3 }), http: [list] }, 'healthy', { step: 2 });
  assert.equal(result.app_started, null);
  assert.equal(of('app_start').length, 0);
});

test('an interruption stops the service, and unsent checks are absent', async () => {
  const interruption = new AbortController();
  let logsDir = '';
  const running = validated(
    { app: appOf(), http: [list, { ...list, name: 'never answered', path: '/students/silent' }, list] },
    'waits',
    {
      signal: interruption.signal,
      onStart: (directory) => (logsDir = directory),
    },
  );
  const log = () => join(logsDir, 'step_001/validator.log');
  while (!existsSync(log()) || !recordsIn(logsDir, 1).some((record) => record.event === 'http_check')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  interruption.abort();
  const { result, of } = await running;
  assert.deepEqual([result.interrupted, result.app_started, result.checks_passed, result.checks_total], [true, true, 1, 1]);
  assert.equal(of('downtime').length, 0, 'an end on request is no downtime');
  assert.equal(isAlive(of('process_start')[0]!.pid), false);
});

test('concurrent services get distinct ports', async () => {
  const both = await Promise.all([
    validated({ app: appOf(), http: [list] }, 'healthy'),
    validated({ app: appOf(), http: [list] }, 'slow'),
  ]);
  const [one, other] = both.map((each) => each.of('app_start')[0]!.port);
  assert.notEqual(one, other);
  assert.deepEqual(
    both.map((each) => each.result.checks_passed),
    [1, 1],
  );
});
