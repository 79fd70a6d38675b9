/** The components stepwell itself writes as. `run` is the default of a logger that names none; users may name their own. */
export const COMPONENTS = ['orchestrator', 'adapter', 'metrics', 'validator', 'reconciliation', 'run'] as const;
