import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resources } from '../../src/experiment/resources.ts';

/** Writes its name into `ended` when it is disposed, and then throws `error`, if there is one. */
function resourceNamed(name: string, ended: string[], error?: Error): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
      ended.push(name);
      if (error !== undefined) throw error;
    },
  };
}

test('resources end in the reverse order of their start, once', async () => {
  const ended: string[] = [];
  const resources = new Resources();
  const first = resourceNamed('first', ended);
  assert.equal(resources.use(first), first);
  resources.use({ [Symbol.dispose]: () => ended.push('second, synchronously') });
  resources.use(resourceNamed('third', ended));
  await resources[Symbol.asyncDispose]();
  await resources[Symbol.asyncDispose]();
  assert.deepEqual(ended, ['third', 'second, synchronously', 'first']);
});

test('moved resources end with their new owner', async () => {
  const ended: string[] = [];
  const resources = new Resources();
  resources.use(resourceNamed('one', ended));
  const moved = resources.move();
  await resources[Symbol.asyncDispose]();
  assert.deepEqual(ended, []);
  await moved[Symbol.asyncDispose]();
  assert.deepEqual(ended, ['one']);
});

test('a resource that fails to end keeps no other from ending, and every error is thrown', async () => {
  const ended: string[] = [];
  const [one, two] = [new Error('one'), new Error('two')];
  const resources = new Resources();
  resources.use(resourceNamed('first', ended, one));
  resources.use(resourceNamed('second', ended));
  await assert.rejects(resources[Symbol.asyncDispose](), one);
  resources.use(resourceNamed('first', ended, one));
  resources.use(resourceNamed('second', ended, two));
  await assert.rejects(resources[Symbol.asyncDispose](), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors, [two, one]);
    return true;
  });
  assert.deepEqual(ended, ['second', 'first', 'second', 'first']);
});
