import type { AdapterEndpoint } from '../../run.ts';

/** Where clients look for the model by themselves. Those of Anthropic and Gemini add the version to the URL. */
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
