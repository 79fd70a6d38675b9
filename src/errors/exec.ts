import type { ErrorEntries } from './entry.ts';

export const execErrors = {} satisfies ErrorEntries;
