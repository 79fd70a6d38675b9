import { defineErrors } from '../../errors/index.ts';

export const chatdevError = defineErrors({
  CHATDEV_MODEL_UNKNOWN: (facts: { model: string; known: readonly string[] }) => ({
    sentence: `ChatDev has no name for the model ${JSON.stringify(facts.model)}.`,
    fix: `Set a model that it knows: frameworks: { chatdev: { model: gpt-4o-mini } }. It knows ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  CHATDEV_PATH_UNUSABLE: (facts: { path: string; characters: readonly string[] }) => ({
    sentence: `ChatDev cannot work below a path with ${facts.characters.map((each) => JSON.stringify(each)).join(' ')} in it. It passes its own path to a shell without quotes, so the program it built would not be run. Path: ${facts.path}.`,
    fix: 'Pass a directory with --runs-dir whose path has no spaces, quotes or other shell characters.',
    exitCode: 2,
  }),
  CHATDEV_PROMPT_TOO_LONG: (facts: { bytes: number; most: number }) => ({
    sentence: `The prompt is too long for ChatDev, which takes it as one argument: ${facts.bytes} bytes; the system allows ${facts.most}.`,
    fix: 'Shorten the prompt of the step, or split the step.',
    exitCode: 2,
  }),
});
