/** Anthropic: the usage and cost reports of the Admin API. */
import { z } from 'zod';
import { readAmount } from './amount.ts';
import { cursorFields, nextOf } from './report.ts';
import { DAYS_PER_PAGE, optionalCount, MINUTES_PER_PAGE, optionalName } from './report.ts';
import type { CostItem, Provider, Span, UsageItem } from './report.ts';

/** The default workspace has no id: answers contain null for it. It cannot be filtered by, so its rows match no filter. */
const DEFAULT_WORKSPACE = 'default';

const owner = { api_key_id: optionalName, workspace_id: optionalName };

/** Null when one of the figures is unknown. */
function sumIfAllKnown(figures: readonly (number | null | undefined)[]): number | null {
  let sum = 0;
  for (const one of figures) {
    if (one === null || one === undefined) return null;
    sum += one;
  }
  return sum;
}

/** Anthropic's input excludes tokens read from or written to the cache; our input includes all three. */
const Messages = z
  .object({
    ...owner,
    model: optionalName,
    uncached_input_tokens: optionalCount,
    cache_creation: z.record(z.string(), optionalCount).nullish(),
    cache_read_input_tokens: optionalCount,
    output_tokens: optionalCount,
  })
  .transform((row): UsageItem => {
    // One field for each lifetime of a cache entry.
    const written = row.cache_creation ?? null;
    const writtenTokens = written === null ? null : sumIfAllKnown(Object.values(written));
    return {
      model: row.model ?? null,
      api_key_id: row.api_key_id ?? null,
      project_or_workspace_id: row.workspace_id ?? DEFAULT_WORKSPACE,
      input_tokens: sumIfAllKnown([row.uncached_input_tokens, writtenTokens, row.cache_read_input_tokens]),
      output_tokens: row.output_tokens ?? null,
      cached_tokens: row.cache_read_input_tokens ?? null,
      api_calls: null,
    };
  });

const Costs = z
  .object({
    workspace_id: optionalName,
    amount: z.union([z.string(), z.number()]).nullish(),
    currency: z.string().regex(/^usd$/i).nullish(),
  })
  .transform((row, context): CostItem => {
    const cents = row.amount ?? null;
    const amount = cents === null ? null : readAmount(cents, -2);
    if (cents !== null && amount === null)
      context.addIssue({ code: 'custom', message: `${JSON.stringify(cents)} is not an amount` });
    return { api_key_id: null, project_or_workspace_id: row.workspace_id ?? DEFAULT_WORKSPACE, amount };
  });

const time = z.iso.datetime({ offset: true });

function pageOf<Row>(row: z.ZodType<Row>) {
  return z
    .object({ ...cursorFields, data: z.array(z.object({ starting_at: time, ending_at: time, results: z.array(row) })) })
    .transform((page, context) => ({
      buckets: page.data.map((bucket) => ({
        start: Date.parse(bucket.starting_at),
        end: Date.parse(bucket.ending_at),
        rows: bucket.results,
      })),
      next: nextOf(page, context),
    }));
}

function spanOf({ start, end }: Span): Record<string, string> {
  return { starting_at: isoSeconds(start), ending_at: isoSeconds(end) };
}

function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

const messagesPage = pageOf(Messages);
const costsPage = pageOf(Costs);

export const anthropic: Provider = {
  name: 'anthropic',
  title: 'Anthropic',
  baseUrl: 'https://api.anthropic.com/v1',
  headers: (adminKey) => ({ 'x-api-key': adminKey, 'anthropic-version': '2023-06-01' }),
  usage: [
    {
      name: 'messages',
      path: '/organizations/usage_report/messages',
      parameters: (span, filter) => ({
        ...spanOf(span),
        bucket_width: '1m',
        ...(filter.api_key_id === null ? {} : { api_key_ids: [filter.api_key_id] }),
        ...(filter.workspace_id === null ? {} : { workspace_ids: [filter.workspace_id] }),
        group_by: ['model', 'api_key_id', ...(filter.workspace_id === null ? [] : ['workspace_id'])],
        limit: String(MINUTES_PER_PAGE),
      }),
      readPage: (answer) => messagesPage.parse(answer),
    },
  ],
  costs: {
    name: 'cost_report',
    path: '/organizations/cost_report',
    // No filters: rows are selected by workspace from the answer; the report has no keys to select by.
    parameters: (span, filter) => ({
      ...spanOf(span),
      bucket_width: '1d',
      ...(filter.workspace_id === null ? {} : { group_by: ['workspace_id'] }),
      limit: String(DAYS_PER_PAGE),
    }),
    readPage: (answer) => costsPage.parse(answer),
  },
  unknownFilter: 'project_id',
  access: {
    adminPrefix: 'sk-ant-admin',
    modelKeyPrefix: 'sk-ant-api',
    scope: 'org:admin',
    howToGetKey:
      'An admin of the organization creates admin keys (sk-ant-admin…) in the Claude Console under Settings, Admin keys; individual accounts have none. Put one in the environment variable that usage_api.admin_key names.',
  },
};
