/** User names and passwords in addresses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCredentials, parseRepository, withoutCredentials } from '../../src/secrets/index.ts';

test('user and password are removed from an address, even if it is not a valid URL', () => {
  for (const [address, shown] of [
    ['https://api.example.org/v1', 'https://api.example.org/v1'],
    ['https://me:hunter2@host/v1', 'https://…@host/v1'],
    ['https://tok3n@host/@scope/x@1.2', 'https://…@host/@scope/x@1.2'],
    ['https://host/@scope/x@1.2', 'https://host/@scope/x@1.2'],
    ['htp://me:hun@ter2@host/v1', 'htp://…@host/v1'],
    ['https://me:hun/ter2@host/v1', 'https://…@host/v1'],
    ['https://me:hun ter2@ho st/v1', 'https://…@ho st/v1'],
    ['https:\\\\me:hunter2@host/v1', 'https://…@host/v1'],
    ['me:hunter2@host/v1', '…@host/v1'],
    ['//me:hunter2@host/v1', '…@host/v1'],
    ['https://${USER}:${WORD}@host/v1', 'https://…@host/v1'],
    ['no address', 'no address'],
  ] as const) {
    assert.equal(withoutCredentials(address), shown, address);
  }
});

test('a user name without a password counts as a credential', () => {
  assert.deepEqual(
    ['https://host/', 'https://me@host/', 'https://:word@host/'].map((address) => hasCredentials(new URL(address))),
    [false, true, true],
  );
});

test('only the secret part of an address is hidden', () => {
  const shown = (address: string): string => parseRepository(address).shown;
  assert.equal(shown('https://token@host/a.git'), 'https://host/a.git');
  assert.equal(shown('https://me:p@ss@host/a@b.git'), 'https://host/a@b.git');
  assert.equal(shown('https://me:hun/ter2@host/a.git'), 'https://host/a.git');
  assert.equal(shown('ssh://git@host:a/b.git'), 'ssh://git@host:a/b.git');
  assert.equal(shown('ssh://git@host/a.git'), 'ssh://git@host/a.git');
  assert.equal(shown('ssh://git:word@host/a.git'), 'ssh://host/a.git');
  for (const same of ['git@host:a.git', 'https://host/a@b.git', '/home/me@work/a', '../a']) assert.equal(shown(same), same);
  assert.equal(parseRepository('https://t@host/a').hide(`cannot reach 'https://t@host/a/'`), `cannot reach 'https://host/a/'`);
});
