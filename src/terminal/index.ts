/** Text on a terminal: made harmless, measured, wrapped, colored. */
export { formatRecord } from './record.ts';
export { sanitize, sanitizeForFile, sanitizeJson, sanitizeLine } from './sanitize.ts';
export { colored, paintFor, plain, styleOf, type Paint, type Style } from './style.ts';
export { cut, pad, widthOf } from './width.ts';
export { clip, wrap } from './wrap.ts';
