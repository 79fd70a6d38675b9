/**
 * Whether a path fits a pattern, with the meaning that .gitignore gives to `*`, `?`, `**` and a closing `/`: without a
 * slash inside, a pattern fits a name at any depth, otherwise the whole path; what fits a directory fits everything in it.
 * Every other character means itself, `!`, `[` and `\` too. A pattern without a name (`/`, or nothing) fits no path.
 *
 * @example createGlob('*.md')('docs/a.md') // true
 */
export function createGlob(pattern: string): (path: string) => boolean {
  const body = pattern.replace(/^\.?\//, '').replace(/\/$/, '');
  if (body === '') return () => false;
  const anywhere = !body.includes('/') && !/^\.?\//.test(pattern);
  const below = pattern.endsWith('/') ? '/.*' : '(?:/.*)?';
  const source = body.replaceAll(/\*\*\/|\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`);
  });
  const regexp = new RegExp(`^${anywhere ? '(?:.*/)?' : ''}${source}${below}$`, 's');
  return (path) => regexp.test(path);
}
