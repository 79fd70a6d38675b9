/** Every shape that touches disk or wire, and its inferred type. */
export * from './cassette.ts';
export * from './config.ts';
export * from './events.ts';
export * from './framework-event.ts';
export { parseJson, parseJsonAs } from './json.ts';
export * from './manifest.ts';
export * from './metadata.ts';
export * from './metrics.ts';
export * from './published.ts';
export * from './reconciliation.ts';
export * from './record.ts';
export { newRunId, RUN_ID } from './run-id.ts';
export { isInRanges, parseStepRanges, selectSteps, type StepRange } from './step-selection.ts';
export * from './status.ts';
export * from './summary.ts';
export { fromRecordedCounts, toRecordedCounts, type TokenCounts } from './token-usage.ts';
export * from './validation.ts';
export * from './vocabulary.ts';
