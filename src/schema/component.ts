import { z } from 'zod';

/** The components stepwell itself writes as. `run` is the default of a logger that names none. */
export const COMPONENTS = ['orchestrator', 'adapter', 'metrics', 'validator', 'reconciliation', 'run'] as const;

export const Component = z.enum(COMPONENTS);
export type Component = z.infer<typeof Component>;
