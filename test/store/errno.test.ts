/** What a failure of the system is called. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { errnoOf, failureReason, ifErrno } from '../../src/store/index.ts';

const coded = (code: unknown, message = 'said'): Error => Object.assign(new Error(message), { code });

test('errnoOf returns the code of a system error and null for anything else', () => {
  assert.equal(errnoOf(coded('ENOENT')), 'ENOENT');
  assert.equal(errnoOf(coded('ERR_INVALID_ARG_VALUE')), 'ERR_INVALID_ARG_VALUE');
  for (const error of [new Error('plain'), coded(5), 'text', null, undefined]) assert.equal(errnoOf(error), null);
});

test('failureReason prefers the system code to the message and to the thrown value', () => {
  assert.equal(failureReason(coded('ENOSPC')), 'ENOSPC');
  assert.equal(failureReason(coded('ERR_INVALID_ARG_VALUE', 'The argument has a NUL')), 'The argument has a NUL');
  assert.equal(failureReason(coded('ERR_X', '')), 'ERR_X');
  assert.equal(failureReason(new TypeError('no such thing')), 'no such thing');
  assert.equal(failureReason('thrown text'), 'thrown text');
});

test('ifErrno returns the value only for the given codes', async () => {
  assert.equal(await readFile('/nonexistent/file', 'utf8').catch(ifErrno('ENOENT', null)), null);
  assert.deepEqual(await readFile('/nonexistent/file').catch(ifErrno(['ENOTDIR', 'ENOENT'], [])), []);
  await assert.rejects(readFile('/').catch(ifErrno('ENOENT', null)), { code: 'EISDIR' });
  await assert.rejects(Promise.reject(new Error('no code')).catch(ifErrno(['ENOENT'], 1)), /no code/);
});
