/** The words and the version of the format, for code that must start without zod. The schemas are made of them. */

/** Major versions are incompatible; minor ones only add fields. */
export const FORMAT_VERSION = '1.2';

/** Severities, least first. */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

/** The components stepwell itself writes as. `run` is the default of a logger that names none; users may name their own. */
export const COMPONENTS = ['orchestrator', 'adapter', 'metrics', 'validator', 'reconciliation', 'run'] as const;

/** How a run is or ended. `running` until its record is closed; `crashed` where its process died and `recover` closed it. */
export const RUN_STATUSES = ['running', 'success', 'failed', 'timed_out', 'interrupted', 'crashed'] as const;
