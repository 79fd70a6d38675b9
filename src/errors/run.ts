import type { ErrorEntries } from './entry.ts';

export const runErrors = {} satisfies ErrorEntries;
