/** The rehearsal: a scripted model on loopback, so that an experiment can be tried without spending a token. */
export { startRehearsal, type Rehearsal } from './endpoint.ts';
