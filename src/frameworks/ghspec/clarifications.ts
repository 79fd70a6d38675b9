/** Questions that Spec Kit leaves in a specification: `[NEEDS CLARIFICATION: which levels are there?]`. */

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
