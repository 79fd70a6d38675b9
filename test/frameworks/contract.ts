/** The contract of `stepwell/testing` under our own test runner. */
import { describe, test } from 'node:test';
import { adapterContract, type AdapterUnderTest } from '../../src/testing/index.ts';

export function testContract(subject: AdapterUnderTest): void {
  describe(`the adapter ${subject.name}`, () => {
    for (const { name, skip, run } of adapterContract(subject)) test(name, { skip: skip ?? false }, run);
  });
}
