/** Where a page of the documentation lies, for messages that name one. */
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentDirectory } from './current-directory.ts';

/** The pages are in the package too; two levels up both for sources and for the built package. */
const DOCS = new URL('../../docs/', import.meta.url);

/**
 * The path of a page as it can be opened in `cwd`: relative below it, else absolute.
 *
 * @example docsPage('metering.md') // 'docs/metering.md' in a clone, 'node_modules/stepwell/docs/metering.md' beside a package
 */
export function docsPage(page: string, cwd: string = currentDirectory()): string {
  const path = fileURLToPath(new URL(page, DOCS));
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}
