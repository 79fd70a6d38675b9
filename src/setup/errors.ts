import { defineErrors } from '../errors/index.ts';

export const setupError = defineErrors({
  FRAMEWORK_NOT_SET_UP: (facts: { framework: string; directory: string; how: string }) => ({
    sentence: `${facts.framework} is not set up: ${facts.directory} is ${facts.how}.`,
    fix: `Type \`stepwell setup ${facts.framework}\`.`,
    exitCode: 2,
  }),
  AGENT_UNKNOWN: (facts: { agent: string; known: readonly string[] }) => ({
    sentence: `There is no coding agent ${JSON.stringify(facts.agent)}.`,
    fix: `Set agent to one of: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  SETUP_COMMIT_SHORT: (facts: { framework: string; commit: string }) => ({
    sentence: `The commit ${JSON.stringify(facts.commit)} of ${facts.framework} is not a full commit hash of 40 digits.`,
    fix: `Type \`git rev-parse ${facts.commit}\` in a clone, and set frameworks.${facts.framework}.commit_hash to its output.`,
    exitCode: 2,
  }),
  SETUP_SOURCE_UNREACHABLE: (facts: { framework: string; repository: string; lines: readonly string[] }) => ({
    sentence: [`The source of ${facts.framework} could not be fetched from ${facts.repository}.`, ...facts.lines].join('\n  '),
    fix:
      `Check that \`git ls-remote ${facts.repository}\` works here. Without network access, copy a clone from another machine ` +
      `and set its path: frameworks: { ${facts.framework}: { repo_url: /path/to/clone } }.`,
    exitCode: 1,
  }),
  SETUP_FILE_MISSING: (facts: { framework: string; commit: string; file: string }) => ({
    sentence: `${facts.framework} has no ${facts.file} at ${facts.commit}, and stepwell cannot run it without this file.`,
    fix: `Set frameworks.${facts.framework}.commit_hash to a commit that has it, or remove the key.`,
    exitCode: 1,
  }),
  SETUP_COMMIT_MISSING: (facts: { framework: string; repository: string; commit: string; isLocal: boolean }) => ({
    sentence: `${facts.repository} does not have the commit ${facts.commit} of ${facts.framework}.`,
    fix: facts.isLocal
      ? `Type \`git -C ${facts.repository} fetch origin ${facts.commit}\`, or set another commit_hash or repo_url.`
      : 'Set another commit_hash or repo_url.',
    exitCode: 1,
  }),
  SETUP_PYTHON_MISSING: (facts: {
    framework: string;
    wanted: readonly string[];
    configured: string | null;
    seen: readonly string[];
    /** The version, such as `3.11`, of a matching Python that lacks only venv or ensurepip; null when there is none. */
    incomplete: string | null;
  }) => ({
    sentence:
      `${facts.framework} needs Python ${facts.wanted.join(' or ')} with venv and ensurepip; ` +
      (facts.seen.length > 0
        ? `found: ${facts.seen.join(', ')}.`
        : facts.configured === null
          ? 'no Python was found on PATH.'
          : `${facts.configured} is not a usable Python.`),
    fix: `${facts.incomplete === null ? 'Install one' : `Add the missing modules, on Debian and Ubuntu with \`apt-get install python${facts.incomplete}-venv\``}, or set another: frameworks: { ${facts.framework}: { python: /path/to/python${facts.wanted[0] ?? '3'} } }.`,
    exitCode: 2,
  }),
  SETUP_STEP_FAILED: (facts: {
    framework: string;
    what: string;
    how: string;
    lines: readonly string[];
    log: string;
    /** What helps where there is no access to what is fetched. */
    withoutAccess: string | null;
  }) => ({
    sentence: [`Setting up ${facts.framework} failed: could not ${facts.what} (${facts.how}).`, ...facts.lines].join('\n  '),
    fix: `Read ${facts.log}; ${facts.withoutAccess === null ? '' : `${facts.withoutAccess}; `}once fixed, type \`stepwell setup ${facts.framework}\` again.`,
    exitCode: 1,
  }),
  SETUP_ENCODING_WRONG: (facts: { file: string; encoding: string }) => ({
    sentence: `${facts.file} is not the encoding ${facts.encoding} that tiktoken expects.`,
    fix: 'Type `npm ci` in the clone, or in the project where stepwell is installed.',
    exitCode: 1,
  }),
});
