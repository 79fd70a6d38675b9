/**
 * The answer format that the baseline asks of a model:
 *
 *     === file: start.sh (executable) ===
 *     …the whole file…
 *     === end ===
 *     === delete: old.txt ===
 *
 * A question is outside of files as `[NEEDS CLARIFICATION: …]`.
 */
import type { ProjectFile, WorkspaceListing } from './workspace.ts';

export interface ModelAnswer {
  readonly files: readonly ProjectFile[];
  readonly deletions: readonly string[];
  readonly questions: readonly string[];
  /** The file that the answer ended in, without its end line: its content cannot be trusted. */
  readonly unfinished: string | null;
}

const FILE = /^=== file: (.+?)( \(executable\))? ===\s*$/;
const END = /^=== end ===\s*$/;
const DELETE = /^=== delete: (.+?) ===\s*$/;
const QUESTION = /\[NEEDS CLARIFICATION:\s*([^\]]+?)\s*\]/g;
const FENCE = /^```[\w.+-]*\s*$/;

/** A later block of the same path replaces an earlier one. */
export function parseAnswer(text: string): ModelAnswer {
  const files = new Map<string, ProjectFile>();
  const deletions: string[] = [];
  const outside: string[] = [];
  let open: { path: string; executable: boolean; lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (open !== null) {
      if (END.test(line)) {
        files.set(open.path, { path: open.path, content: contentOf(open.path, open.lines), executable: open.executable });
        open = null;
      } else {
        open.lines.push(line);
      }
      continue;
    }
    const file = FILE.exec(line);
    const deletion = DELETE.exec(line);
    if (file?.[1] !== undefined) open = { path: file[1].trim(), executable: file[2] !== undefined, lines: [] };
    else if (deletion?.[1] !== undefined) deletions.push(deletion[1].trim());
    else outside.push(line);
  }
  const questions = Array.from(outside.join('\n').matchAll(QUESTION), (match) => match[1] ?? '');
  return { files: [...files.values()], deletions, questions, unfinished: open?.path ?? null };
}

/** Models often fence code although told not to; in a Markdown file the fence may be intended. */
function contentOf(path: string, lines: readonly string[]): string {
  const fenced =
    lines.length > 2 && FENCE.test(lines[0] ?? '') && (lines.at(-1) ?? '').trim() === '```' && !/\.(md|markdown)$/i.test(path);
  const kept = fenced ? lines.slice(1, -1) : lines;
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}

export const SYSTEM_PROMPT = `You are a programmer working alone on one project. You get a task and the project's files as they stand.
Do the whole task: answer with every file that is new or changes, each complete, in this form and without Markdown fences:

=== file: path/from/the/top ===
the whole content of the file
=== end ===

Write "=== file: path (executable) ===" for a file that is run as a program.
Write "=== delete: path ===" for a file to remove.
Paths are relative to the project's top. Files that you do not name stay as they are.
If you cannot do the task without an answer, give no files and ask one question: [NEEDS CLARIFICATION: your question]`;

/** The task and, behind it, the workspace in the answer's own format. */
export function userPrompt(prompt: string, { files, omitted: unshown }: WorkspaceListing): string {
  const parts = [prompt.trim(), ''];
  if (files.length === 0 && unshown.length === 0) parts.push('The project is empty so far.');
  else parts.push("The project's files:");
  for (const { path, content, executable } of files) {
    const end = content === '' || content.endsWith('\n') ? '' : '\n';
    parts.push('', `=== file: ${path}${executable ? ' (executable)' : ''} ===\n${content}${end}=== end ===`);
  }
  if (unshown.length > 0) {
    parts.push('', 'Not shown (large, binary or private):');
    for (const { path, bytes } of unshown) parts.push(`- ${path} (${bytes} bytes)`);
  }
  return `${parts.join('\n')}\n`;
}
