import type { ErrorEntries } from './entry.ts';

export const validateErrors = {} satisfies ErrorEntries;
