import { defineErrors } from '../errors/index.ts';

export const meterError = defineErrors({
  UPSTREAM_URL_INVALID: (facts: { baseUrl: string; reason: string }) => ({
    sentence: `The endpoint's base_url ${JSON.stringify(facts.baseUrl)} cannot be used: ${facts.reason}.`,
    fix: 'Write the whole URL with its path, such as https://api.openai.com/v1.',
    exitCode: 2,
  }),
});
