import type { ErrorEntries } from './entry.ts';

export const catalogErrors = {} satisfies ErrorEntries;
