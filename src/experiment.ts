/**
 * Composition of the two halves: runs are executed by the writers, sealed with the readers.
 *
 * planExperiment(options) → ExperimentPlan            nothing is started or written
 * runExperiment(options) → ExperimentResult           throws CHECKS_FAILED (exit 2) before any run directory exists
 * recoverRun(runDir, {force}) → Recovery              completes the record of a run whose process is gone
 * recoverAll(runsDir, {force}) → Recovery[]
 * interruptOnSignals() → Interruption                 SIGINT and SIGTERM as an AbortSignal, for the command line
 */
export type * from './experiment/options.ts';
