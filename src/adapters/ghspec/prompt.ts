/** What the agent is told in a phase: Spec Kit's own text of the command, with the user's input in its place. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Phase } from './workflow.ts';

/**
 * Agents fill the place of the input themselves when they are given `/speckit.plan …`, and not all of them leave it as it is written:
 * pi reads it as a shell would, without its quotes. So it is done here, letter by letter.
 */
export async function promptOf(workspace: string, phase: Phase, input: string): Promise<string> {
  const text = await readFile(join(workspace, '.pi', 'prompts', `speckit.${phase}.md`), 'utf8');
  return text.replace(/^---\n[^]*?\n---\n+/, '').replaceAll('$ARGUMENTS', () => input);
}
