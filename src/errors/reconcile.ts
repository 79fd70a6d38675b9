import type { ErrorEntries } from './entry.ts';

export const reconcileErrors = {} satisfies ErrorEntries;
