import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedEnvironment } from '../../src/exec/index.ts';

const own = { home: '/run/home', tmpdir: '/run/tmp', processTag: 'r1:abc', extra: {} };

test('only PATH, LANG, LC_*, TZ and TERM are inherited from the parent environment', () => {
  const parent = {
    PATH: '/bin',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    LC_TIME: 'de_DE',
    TZ: 'UTC',
    TERM: 'xterm',
    HOME: '/home/someone',
    TMPDIR: '/var/tmp',
    OPENAI_API_KEY: 'sk-secret',
    LC_SECRET_KEY2: 'no',
    NODE_OPTIONS: '--inspect',
    SSH_AUTH_SOCK: '/agent',
    STEPWELL_MARK: 'outer:1',
    UNSET: undefined,
  };
  assert.deepEqual(allowedEnvironment(parent, own), {
    PATH: '/bin',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    LC_TIME: 'de_DE',
    TZ: 'UTC',
    TERM: 'xterm',
    HOME: '/run/home',
    TMPDIR: '/run/tmp',
    STEPWELL_MARK: 'r1:abc',
  });
});

test('extra variables override inherited ones but never the process tag', () => {
  const env = allowedEnvironment(
    { PATH: '/bin' },
    { ...own, extra: { PATH: '/opt/bin', MODE: 'batch', STEPWELL_MARK: 'other' } },
  );
  assert.equal(env['PATH'], '/opt/bin');
  assert.equal(env['MODE'], 'batch');
  assert.equal(env['STEPWELL_MARK'], 'r1:abc');
});
