/** Text on a terminal: made harmless, measured, wrapped, colored. */
export { formatRecord } from './terminal/record.ts';
export { sanitize, sanitizeForFile, sanitizeJson, sanitizeLine } from './terminal/sanitize.ts';
export { colored, paintFor, plain, styleOf, type Paint, type Style } from './terminal/style.ts';
export { cut, pad, widthOf } from './terminal/width.ts';
export { clip, wrap } from './terminal/wrap.ts';
