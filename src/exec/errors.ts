import { delimiter } from 'node:path';
import { defineErrors } from '../errors/index.ts';

/** The first two directories of a PATH, and how many follow: a whole one is long, and says much about a machine. */
function shownPath(path: string): string {
  const [first = '', second, ...more] = path.split(delimiter);
  const shown = second === undefined ? first : `${first}${delimiter}${second}`;
  return more.length === 0 ? shown : `${shown} and ${more.length} more`;
}

export const execError = defineErrors({
  /** `path`: the PATH that was searched, when it differs from the reader's own. */
  PROGRAM_NOT_FOUND: (facts: { program: string; path: string | null }) => ({
    sentence: `The program "${facts.program}" was not found${
      facts.program.includes('/') ? '' : ` on PATH${facts.path === null ? '' : ` (${shownPath(facts.path)})`}`
    }.`,
    fix: 'Install it, or correct its path.',
    exitCode: 2,
  }),
  PROGRAM_NOT_EXECUTABLE: (facts: { program: string; reason: string }) => ({
    sentence: `The program "${facts.program}" cannot be executed: ${facts.reason}.`,
    fix: `Make it executable (chmod +x ${facts.program}), or name its interpreter first: [python3, ${facts.program}].`,
    exitCode: 2,
  }),
  PROGRAM_ARGUMENTS_TOO_LONG: (facts: { program: string; bytes: number; longest: number }) => ({
    sentence:
      `"${facts.program}" was not started: its arguments and environment have ${facts.bytes} bytes, the longest argument ` +
      `${facts.longest}; that is more than the system accepts (on Linux 131072 bytes per argument).`,
    fix: 'Pass a long prompt with {prompt_file}, or on stdin by using no prompt placeholder.',
    exitCode: 1,
  }),
  PROGRAM_DIRECTORY_MISSING: (facts: { program: string; cwd: string; reason: string }) => ({
    sentence: `"${facts.program}" was not started: its working directory ${facts.cwd} cannot be entered (${facts.reason}).`,
    fix: 'Create the directory, or correct its permissions.',
    exitCode: 1,
  }),
  PROGRAM_NOT_STARTED: (facts: { program: string; reason: string }) => ({
    sentence: `"${facts.program}" was not started: ${facts.reason}.`,
    fix: 'EAGAIN, EMFILE and ENOMEM mean that the system ran out of processes, files or memory: run fewer in parallel.',
    exitCode: 1,
  }),
});
