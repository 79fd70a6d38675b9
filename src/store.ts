/** Everything that knows files: their names, how they are written, read, followed, merged, locked and replaced. */
export * from './store/layout.ts';
export * from './store/identity.ts';
export * from './store/lease.ts';
export * from './store/lock.ts';
