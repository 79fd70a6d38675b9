/** OpenAI: usage of completions and embeddings, and costs, of an organization. */
import { z } from 'zod';
import type { UsageFilter } from '../../schema/index.ts';
import { readAmount } from './amount.ts';
import { cursorFields, nextOf } from './report.ts';
import { DAYS_PER_PAGE, optionalCount, MINUTES_PER_PAGE, optionalName } from './report.ts';
import type { CostItem, Provider, Span, UsageItem } from './report.ts';

const owner = { api_key_id: optionalName, project_id: optionalName };

/** The later names of each figure are those of the older endpoint. Input includes cached, audio and image tokens. */
const Completions = z
  .object({
    ...owner,
    model: optionalName,
    input_tokens: optionalCount,
    n_context_tokens_total: optionalCount,
    n_input_tokens_total: optionalCount,
    n_context_tokens: optionalCount,
    output_tokens: optionalCount,
    n_generated_tokens_total: optionalCount,
    n_output_tokens_total: optionalCount,
    n_generated_tokens: optionalCount,
    input_cached_tokens: optionalCount,
    n_cached_context_tokens_total: optionalCount,
    num_model_requests: optionalCount,
    n_requests: optionalCount,
  })
  .transform((row): UsageItem => ({
    model: row.model ?? null,
    api_key_id: row.api_key_id ?? null,
    project_or_workspace_id: row.project_id ?? null,
    input_tokens: row.input_tokens ?? row.n_context_tokens_total ?? row.n_input_tokens_total ?? row.n_context_tokens ?? null,
    output_tokens:
      row.output_tokens ?? row.n_generated_tokens_total ?? row.n_output_tokens_total ?? row.n_generated_tokens ?? null,
    cached_tokens: row.input_cached_tokens ?? row.n_cached_context_tokens_total ?? null,
    api_calls: row.num_model_requests ?? row.n_requests ?? null,
  }));

const Embeddings = z
  .object({ ...owner, model: optionalName, input_tokens: optionalCount, num_model_requests: optionalCount })
  .transform((row): UsageItem => ({
    model: row.model ?? null,
    api_key_id: row.api_key_id ?? null,
    project_or_workspace_id: row.project_id ?? null,
    input_tokens: row.input_tokens ?? null,
    // Known to be 0: an embedding has no output, and its input is not cached.
    output_tokens: 0,
    cached_tokens: 0,
    api_calls: row.num_model_requests ?? null,
  }));

const Costs = z
  .object({
    ...owner,
    amount: z
      .object({ value: z.union([z.number(), z.string()]).nullish(), currency: z.string().regex(/^usd$/i).nullish() })
      .nullish(),
  })
  .transform((row, context): CostItem => {
    const value = row.amount?.value ?? null;
    const amount = value === null ? null : readAmount(value);
    if (value !== null && amount === null)
      context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not an amount` });
    return { api_key_id: row.api_key_id ?? null, project_or_workspace_id: row.project_id ?? null, amount };
  });

function pageOf<Row>(row: z.ZodType<Row>) {
  return z
    .object({
      ...cursorFields,
      data: z.array(z.object({ start_time: z.int(), end_time: z.int(), results: z.array(row) })),
    })
    .transform((page, context) => ({
      buckets: page.data.map((bucket) => ({
        start: bucket.start_time * 1000,
        end: bucket.end_time * 1000,
        rows: bucket.results,
      })),
      next: nextOf(page, context),
    }));
}

function usage(report: 'completions' | 'embeddings', row: z.ZodType<UsageItem>): Provider['usage'][number] {
  const page = pageOf(row);
  return {
    name: report,
    path: `/organization/usage/${report}`,
    parameters: (span, filter) => ({
      ...spanOf(span),
      bucket_width: '1m',
      ...filterOf(filter),
      group_by: ['model', 'api_key_id', ...(filter.project_id === null ? [] : ['project_id'])],
      limit: String(MINUTES_PER_PAGE),
    }),
    readPage: (answer) => page.parse(answer),
  };
}

function spanOf({ start, end }: Span): Record<string, string> {
  return { start_time: String(start / 1000), end_time: String(end / 1000) };
}

function filterOf(filter: UsageFilter): Record<string, string[]> {
  return {
    ...(filter.api_key_id === null ? {} : { api_key_ids: [filter.api_key_id] }),
    ...(filter.project_id === null ? {} : { project_ids: [filter.project_id] }),
  };
}

const costsPage = pageOf(Costs);

export const openai: Provider = {
  name: 'openai',
  title: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  headers: (adminKey) => ({ authorization: `Bearer ${adminKey}` }),
  usage: [usage('completions', Completions), usage('embeddings', Embeddings)],
  costs: {
    name: 'costs',
    path: '/organization/costs',
    parameters: (span, filter) => {
      const group = [
        ...(filter.api_key_id === null ? [] : ['api_key_id']),
        ...(filter.project_id === null ? [] : ['project_id']),
      ];
      return {
        ...spanOf(span),
        bucket_width: '1d',
        ...filterOf(filter),
        ...(group.length === 0 ? {} : { group_by: group }),
        limit: String(DAYS_PER_PAGE),
      };
    },
    readPage: (answer) => costsPage.parse(answer),
  },
  unknownFilter: 'workspace_id',
  access: {
    adminPrefix: 'sk-admin-',
    modelKeyPrefix: 'sk-',
    scope: 'api.usage.read',
    howToGetKey:
      'An owner of the organization creates admin keys (sk-admin-…) at https://platform.openai.com/settings/organization/admin-keys; put one in the environment variable that usage_api.admin_key names.',
  },
};
