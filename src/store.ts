/** Everything that knows files: their names, how they are written, read, followed, merged, locked and replaced. */
export * from './store/layout.ts';
