/** Every shape that touches disk or wire, and its inferred type. */
export * from './schema/cassette.ts';
export * from './schema/config.ts';
export * from './schema/events.ts';
export * from './schema/framework-event.ts';
export { parseJson, parseJsonAs } from './schema/json.ts';
export * from './schema/manifest.ts';
export * from './schema/metadata.ts';
export * from './schema/metrics.ts';
export * from './schema/published.ts';
export * from './schema/reconciliation.ts';
export * from './schema/record.ts';
export { newRunId, RUN_ID } from './schema/run-id.ts';
export { isInRanges, parseStepRanges, selectSteps, type StepRange } from './schema/step-selection.ts';
export * from './schema/status.ts';
export * from './schema/summary.ts';
export * from './schema/validation.ts';
