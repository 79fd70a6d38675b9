import type { ErrorEntries } from './entry.ts';

export const logErrors = {} satisfies ErrorEntries;
