/** Shared by frameworks that run as a process: environment variables for the model endpoint, and how an exit is judged. */
import { describeOutcome, type ProgramOutcome } from '../exec/index.ts';
import type { AdapterEndpoint, FrameworkClaim } from '../run/index.ts';

/** Null for exit code 0. @throws when the process could not be started */
export function failureOfOutcome(outcome: ProgramOutcome): FrameworkClaim | null {
  switch (outcome.status) {
    case 'exited':
      return outcome.exitCode === 0 ? null : { status: 'failure', reason: 'exit_code', message: describeOutcome(outcome) };
    case 'signaled':
    case 'timed_out':
    case 'canceled':
      return { status: 'failure', reason: 'signal', message: describeOutcome(outcome) };
    case 'spawn_failed':
      throw outcome.error;
    default:
      return outcome satisfies never;
  }
}

/** The variables that model clients read by default. Clients of Anthropic and Gemini add the version to the URL themselves. */
export function endpointVariables({ baseUrl, rootUrl, apiKey }: AdapterEndpoint): Record<string, string> {
  return {
    OPENAI_BASE_URL: baseUrl,
    OPENAI_API_KEY: apiKey,
    ANTHROPIC_BASE_URL: rootUrl,
    ANTHROPIC_API_KEY: apiKey,
    GOOGLE_GEMINI_BASE_URL: rootUrl,
    GEMINI_API_KEY: apiKey,
  };
}
