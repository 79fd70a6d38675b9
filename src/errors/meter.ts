import type { ErrorEntries } from './entry.ts';

export const meterErrors = {} satisfies ErrorEntries;
