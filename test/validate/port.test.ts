import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reservePort } from '../../src/validate/port.ts';

test('of many ports reserved at the same time no two are the same', async () => {
  // The system alone hands out some of its 28,000 twice among so many.
  const reserved = [];
  for (let n = 0; n < 1000; n++) reserved.push(await reservePort());
  assert.equal(new Set(reserved.map(({ port }) => port)).size, 1000);
  for (const each of reserved) each[Symbol.dispose]();
});

test('the port of ChatDev’s log is never given to an application', async () => {
  // What the framework says when it is loaded.
  await import('../../src/frameworks/index.ts');
  const ports = [8000, 8001];
  using reserved = await reservePort(() => Promise.resolve(ports.shift()!));
  assert.equal(reserved.port, 8001);
});
