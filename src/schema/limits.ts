/** Largest values of settings that can be given in the file and elsewhere, for code that must start without zod. */

/** Ten years: times that are reckoned from it can still be written. */
export const MAX_MINUTES = 10 * 365 * 24 * 60;

/** Equal readings of a provider's usage that can be asked for. */
export const MAX_READINGS = 100;
