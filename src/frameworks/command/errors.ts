import { defineErrors } from '../../errors/index.ts';

export const commandError = defineErrors({
  COMMAND_MISSING: (_facts: object) => ({
    sentence: 'A framework uses the adapter `command`, but has no command.',
    fix: 'Add `command: [program, argument, …]`, for example command: [mytool, --prompt-file, "{prompt_file}"].',
    exitCode: 2,
  }),
});
