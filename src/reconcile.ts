/** Reconciliation: the provider's own figures of a run, read until they stand still and held against the ledger. */
export type * from './reconcile/options.ts';
