/** The pages that people read, and their text without code blocks. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** Every page, relative to the root of the repository. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'AGENTS.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md', { cwd: root }).toSorted(),
];

/** The lines of a page that are not in a code block, neither a fenced nor an indented one. */
export function proseOf(page: string): { line: number; text: string }[] {
  let fenced = false;
  const prose: { line: number; text: string }[] = [];
  for (const [index, text] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const fence = /^\s*```/.test(text);
    if (fence) fenced = !fenced;
    if (!fence && !fenced && !text.startsWith('    ')) prose.push({ line: index + 1, text });
  }
  return prose;
}
