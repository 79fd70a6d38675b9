import { defineErrors } from '../../errors/index.ts';

export const chatdevError = defineErrors({
  CHATDEV_MODEL_UNKNOWN: (facts: { model: string; known: readonly string[] }) => ({
    sentence: `ChatDev has no name for the model ${JSON.stringify(facts.model)}.`,
    fix: `Give it a model of its own: frameworks: { chatdev: { model: gpt-4o-mini } }. It knows ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  CHATDEV_PATH_UNUSABLE: (facts: { path: string; characters: readonly string[] }) => ({
    sentence: `ChatDev cannot work below a path with ${facts.characters.map((each) => JSON.stringify(each)).join(' ')} in it: it hands its own path to a shell without quotes, so the program that it built would never be tried. The path: ${facts.path}.`,
    fix: 'Name another directory of runs with --runs-dir, without spaces, quotes and characters that a shell reads.',
    exitCode: 2,
  }),
  CHATDEV_PROMPT_TOO_LONG: (facts: { bytes: number; most: number }) => ({
    sentence: `The prompt is too long for ChatDev, which takes it as one argument: ${facts.bytes} bytes, and the system allows ${facts.most}.`,
    fix: 'Shorten the prompt of the step, or divide the step.',
    exitCode: 2,
  }),
});
