import type { ErrorEntries } from './entry.ts';

export const summaryErrors = {} satisfies ErrorEntries;
