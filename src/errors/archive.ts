import type { ErrorEntries } from './entry.ts';

export const archiveErrors = {} satisfies ErrorEntries;
