/** Reconciliation: the provider's own figures of a run, read until several readings agree and compared with the ledger. */
export { usageApiAccess, ADMIN_KEY_VARIABLES } from './access.ts';
export { reconcileError } from './errors.ts';
export { listReconciliations, reconcileRuns } from './batch.ts';
export type * from './options.ts';
export { watchRuns } from './watch.ts';
