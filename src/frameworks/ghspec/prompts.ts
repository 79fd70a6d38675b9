/** The prompt of a phase: Spec Kit's command text with the user's input and the answers to its questions. */
import { textOf } from './artifacts.ts';
import type { Phase } from './workflow.ts';

/**
 * Given `/speckit.plan …`, agents insert the input themselves, and some change it: pi parses it like a shell and drops quotes. So it is
 * inserted here, verbatim.
 *
 * @returns null when the command text is gone: it is in the workspace, where the agent may delete files
 */
export async function promptOf(workspace: string, phase: Phase, input: string): Promise<string | null> {
  const text = await textOf(workspace, `.pi/prompts/speckit.${phase}.md`);
  if (text === null) return null;
  return text.replace(/^---\n[^]*?\n---\n+/, '').replaceAll('$ARGUMENTS', () => input);
}

const MARKER = /\[NEEDS CLARIFICATION(?::([^\]]*))?\]/g;

/** In order, each once. Examples in the template do not count. */
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
