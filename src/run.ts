/** The run itself: configuration, steps, attempts, retries, time limits and the port to frameworks. */
export type * from './run/adapter.ts';
