/** Reconciliation: the provider's own figures of a run, read until they stand still and held against the ledger. */
export { accessOf, ADMIN_KEY_VARIABLES } from './reconcile/access.ts';
export { reconcileError } from './reconcile/errors.ts';
export { listReconciliations, reconcileRuns } from './reconcile/batch.ts';
export type * from './reconcile/options.ts';
export { watchRuns } from './reconcile/watch.ts';
