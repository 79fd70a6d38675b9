/** What the baseline says to the model. */
import type { ShownWorkspace } from './workspace.ts';

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
export function userPrompt(prompt: string, { files, unshown }: ShownWorkspace): string {
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
