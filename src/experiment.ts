/** Composition of the two halves: runs are executed by the writers and sealed with the readers. */
export { runExperiment } from './experiment/experiment.ts';
export { interruptOnSignals } from './experiment/interrupt.ts';
export type * from './experiment/options.ts';
export { planExperiment } from './experiment/plan.ts';
export { checkFramework, checkMachine, withShownPaths, type PreflightCheck } from './experiment/preflight.ts';
export { recoverRun, type Recovery } from './experiment/recover.ts';
export { recoverAll } from './experiment/recover-all.ts';
