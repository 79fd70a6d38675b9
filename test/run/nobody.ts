/** User and group id of `nobody`. */
export const NOBODY = 65_534;
