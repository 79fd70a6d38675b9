/** The fenced code blocks of a Markdown file. */
export interface Block {
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\w*)\s*$/.exec(line);
    if (open === null && fence) open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    else if (open !== null && line.trim() === '```') {
      blocks.push({ language: open.language, line: open.line, text: `${open.lines.join('\n')}\n` });
      open = null;
    } else open?.lines.push(line);
  }
  return blocks;
}
