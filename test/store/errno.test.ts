/** What a failure of the system is called. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { errnoOf, failureReason, ifErrno } from '../../src/store/index.ts';

const coded = (code: unknown, message = 'said'): Error => Object.assign(new Error(message), { code });

test('the code of a system error; null for everything without one', () => {
  assert.equal(errnoOf(coded('ENOENT')), 'ENOENT');
  assert.equal(errnoOf(coded('ERR_INVALID_ARG_VALUE')), 'ERR_INVALID_ARG_VALUE');
  for (const error of [new Error('plain'), coded(5), 'text', null, undefined]) assert.equal(errnoOf(error), null);
});

test('a reason is the code of the system, else the message, else whatever was thrown', () => {
  assert.equal(failureReason(coded('ENOSPC')), 'ENOSPC');
  assert.equal(failureReason(coded('ERR_INVALID_ARG_VALUE', 'The argument has a NUL')), 'The argument has a NUL');
  assert.equal(failureReason(coded('ERR_X', '')), 'ERR_X');
  assert.equal(failureReason(new TypeError('no such thing')), 'no such thing');
  assert.equal(failureReason('thrown text'), 'thrown text');
});

test('only the named codes are answered with the value', async () => {
  assert.equal(await readFile('/nonexistent/file', 'utf8').catch(ifErrno('ENOENT', null)), null);
  assert.deepEqual(await readFile('/nonexistent/file').catch(ifErrno(['ENOTDIR', 'ENOENT'], [])), []);
  await assert.rejects(readFile('/').catch(ifErrno('ENOENT', null)), { code: 'EISDIR' });
  await assert.rejects(Promise.reject(new Error('no code')).catch(ifErrno(['ENOENT'], 1)), /no code/);
});
