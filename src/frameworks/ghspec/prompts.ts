/** What the agent is told in a phase: Spec Kit's own text of the command, with the user's input and the answers to its questions. */
import { textOf } from './artifacts.ts';
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

const MARKER = /\[NEEDS CLARIFICATION(?::([^\]]*))?\]/g;

/** In their order, each once. Examples of the template are nobody's questions. */
export function questionsIn(spec: string, template: string): string[] {
  const examples = new Set(markersIn(template));
  return [...new Set(markersIn(spec))].filter((question) => !examples.has(question));
}

function markersIn(text: string): string[] {
  return Array.from(text.matchAll(MARKER), ([, question = '']) => question.trim().replace(/\s+/g, ' ') || 'NEEDS CLARIFICATION');
}

/** The user's input for the phases after `specify`. */
export function withAnswers(prompt: string, questions: readonly string[], answers: readonly string[]): string {
  const asked = questions.map((question) => `- ${question}`);
  return [prompt.trimEnd(), '', 'The specification leaves open:', ...asked, '', 'The answer:', ...new Set(answers)].join('\n');
}
