/** What git keeps of a run, and what it does not. */

const TRACKED = ['!runs/*/*/*.json', '!runs/*/*/commit.txt', '!runs/*/*/*.md', '!runs/*/*/logs_summary.txt'];
const IGNORED = [
  'runs/*/*/workspace/',
  'runs/*/*/artifacts/',
  'runs/*/*/logs/',
  'runs/*/*/cassette.jsonl',
  'runs/*/*/.stepwell/',
  'runs/*/*/*.tar.gz',
  'runs/*/*/*.zip',
];

/** What `stepwell setup` makes. */
const FRAMEWORKS = '/frameworks/';

/** Summaries, metadata and metrics are tracked; logs, workspaces and archives are not, nor are frameworks. */
export function gitignoreBlock(): string {
  const runs = ['# Track specific file types (metadata)', ...TRACKED, '', '# Ignore large artifacts in runs', ...IGNORED];
  return `${['# What `stepwell setup` makes', FRAMEWORKS, '', ...runs].join('\n')}\n`;
}

/** Whether every line of the block is there, in whatever order. */
export function hasGitignoreBlock(gitignore: string): boolean {
  const lines = new Set(gitignore.split('\n').map((line) => line.trim()));
  return [FRAMEWORKS, ...TRACKED, ...IGNORED].every((line) => lines.has(line));
}
