/** What the agent is told in a phase: Spec Kit's own text of the command, with the user's input in its place. */
import { textOf } from './work.ts';
import type { Phase } from './workflow.ts';

/**
 * Agents fill the place of the input themselves when they are given `/speckit.plan …`, and not all of them leave it as it is written:
 * pi reads it as a shell would, without its quotes. So it is done here, letter by letter.
 *
 * @returns null where the text is gone: it stands in the workspace, and the agent may do there what it likes
 */
export async function promptOf(workspace: string, phase: Phase, input: string): Promise<string | null> {
  const text = await textOf(workspace, `.pi/prompts/speckit.${phase}.md`);
  if (text === null) return null;
  return text.replace(/^---\n[^]*?\n---\n+/, '').replaceAll('$ARGUMENTS', () => input);
}
