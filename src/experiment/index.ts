/** Composition of the two halves: runs are executed by the writers and sealed with the readers. */
export { runExperiment } from './experiment.ts';
export { interruptOnSignals } from './interrupt.ts';
export type * from './options.ts';
export { planExperiment } from './plan.ts';
export { checkFramework, checkMachine, withShownPaths, type PreflightCheck } from './preflight.ts';
export { recoverRun, type RecoverOptions, type Recovery } from './recover.ts';
export { recoverAll } from './recover-all.ts';
