/** The metering proxy: frameworks reach their model through it, and every call becomes a record of the step's ledger. */
export * from './meter/index.ts';
