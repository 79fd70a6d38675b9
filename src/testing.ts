/**
 * What the author of an adapter needs to check it against everything the runner relies on, with any test runner.
 *
 * @example
 * import { test } from 'node:test';
 * import { adapterContract } from 'stepwell/testing';
 * for (const { name, skip, run } of adapterContract({ name: 'mine', adapter, simulate, impossible: [] })) {
 *   test(name, { skip: skip ?? false }, run);
 * }
 */
export type { Adapter, AdapterEndpoint, AdapterRun, AdapterStep, FrameworkClaim, PreflightIssue } from './run/index.ts';
export {
  adapterContract,
  createTestRun,
  type AdapterUnderTest,
  type ContractCase,
  type FrameworkBehavior,
  type SimulatedFramework,
  type TestRecord,
  type TestRun,
} from './testing/index.ts';
export type { ClaimedUsage, FrameworkSettings } from './schema/index.ts';
export type { AdapterSettings, PathKind } from './config/index.ts';
export type { LogFields, Logger } from './log/index.ts';
