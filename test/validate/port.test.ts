import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reservePort } from '../../src/validate/port.ts';

test('ports reserved at the same time are distinct', async () => {
  // The system alone hands out some of its 28,000 twice among so many.
  const reserved = [];
  for (let n = 0; n < 1000; n++) reserved.push(await reservePort());
  assert.equal(new Set(reserved.map(({ port }) => port)).size, 1000);
  for (const each of reserved) each[Symbol.dispose]();
});

test('an application never gets the log port of ChatDev', async () => {
  // What the framework says when it is loaded.
  await import('../../src/frameworks/index.ts');
  const ports = [8000, 8001];
  using reserved = await reservePort(() => Promise.resolve(ports.shift()!));
  assert.equal(reserved.port, 8001);
});
