import type { ErrorEntries } from './entry.ts';

export const cassetteErrors = {} satisfies ErrorEntries;
