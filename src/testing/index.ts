/** What the author of an adapter needs to check it with the test runner of their choice. */
export {
  adapterContract,
  type AdapterUnderTest,
  type ContractCase,
  type FrameworkBehavior,
  type SimulatedFramework,
} from './contract.ts';
export { canCountProcesses, processesWith, until } from './processes.ts';
export { createTestRun, type TestRecord, type TestRun } from './test-run.ts';
export { cannotAttach, cannotWatch, outsideOf, watchedHere, watching, writesIn } from './written-files.ts';
