import type { ErrorEntries } from './entry.ts';

export const configErrors = {} satisfies ErrorEntries;
