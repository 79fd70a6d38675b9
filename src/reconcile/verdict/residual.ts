/** What could explain a residual difference: first what the record shows, then causes outside the record. */
import { pluralize } from '../../format/index.ts';
import type { RunSummary, UsageComparison, UsageProvider } from '../../schema/index.ts';
import { truncateNames } from './truncation.ts';
import type { LedgerCall } from '../ledger.ts';
import type { SharedCalls } from '../minutes/shared-minutes.ts';

export interface ResidualInput {
  readonly provider: UsageProvider;
  readonly comparison: Omit<UsageComparison, 'explanations'>;
  readonly summary: RunSummary;
  /** Of this run, without `unbillable`: calls that the provider cannot have billed. */
  readonly calls: readonly LedgerCall[];
  readonly unbillable: readonly LedgerCall[];
  readonly shared: readonly SharedCalls[];
  /** Whether the joint ledger includes runs that may have used another key; null when there are none. */
  readonly possibleCounted: boolean | null;
  /** Number of API keys in the answer. */
  readonly apiKeys: number | null;
  /** Names of unreadable runs that may have used the same minutes. */
  readonly unreadable: readonly string[];
}

/** One sentence each. */
export function explainResidual(input: ResidualInput): string[] {
  return [
    ...explainByRecord(input),
    ...explainBySharedScope(input),
    ...(input.comparison.within_threshold ? [] : explainByOutsideUse(input)),
  ];
}

function explainByRecord({ summary, calls, unbillable, provider }: ResidualInput): string[] {
  const sentences: string[] = [];
  const unknown = calls.filter(({ use }) => use === 'unknown').length;
  if (unknown > 0) {
    sentences.push(
      `${pluralize(unknown, 'call')} of this run ended without token figures (aborted, truncated, or interrupted with the process): the provider may have counted tokens that the ledger lacks.`,
    );
  }
  const { unmetered_attempts, unmetered_requests } = summary.usage;
  if (unmetered_attempts > 0) {
    sentences.push(`${pluralize(unmetered_attempts, 'attempt')} bypassed the proxy: their usage is not in the ledger.`);
  }
  if (unmetered_requests > 0) {
    sentences.push(
      `${pluralize(unmetered_requests, 'request')} went to paths that the proxy does not know: their usage is not in the ledger.`,
    );
  }
  if (unbillable.length > 0) {
    const wires = truncateNames([...new Set(unbillable.map(({ wire }) => wire))].sort());
    sentences.push(
      `Left out: ${pluralize(unbillable.length, 'call')} in the wire format ${wires}, which ${provider} does not bill.`,
    );
  }
  const lost = summary.missing_records + summary.dropped.count + summary.damaged.count + summary.malformed.count;
  if (lost > 0) sentences.push(`The run's record lacks ${pluralize(lost, 'line')}: calls may be among them.`);
  return sentences;
}

function explainBySharedScope({ shared, possibleCounted, apiKeys, unreadable }: ResidualInput): string[] {
  const sentences: string[] = [];
  const unknown = shared.flatMap(({ calls }) => calls).filter(({ use }) => use === 'unknown').length;
  if (unknown > 0) {
    sentences.push(`${pluralize(unknown, 'call')} of the runs that share its minutes ended without token figures.`);
  }
  if (possibleCounted !== null) {
    const names = runNames(shared.filter(({ other }) => other.visibility === 'possible'));
    sentences.push(
      `${names} may have used another API key, project or account: the figures indicate ${possibleCounted ? 'the same one as this run' : 'another one than this run'}.`,
    );
  }
  if (apiKeys !== null && apiKeys > 1) {
    sentences.push(
      `The provider's figures include ${pluralize(apiKeys, 'API key')}, so they are an upper bound; set api_key_id or project_id in usage_api to separate this run.`,
    );
  }
  if (unreadable.length > 0)
    sentences.push(`Runs that may have used the same minutes cannot be read: ${truncateNames(unreadable)}.`);
  return sentences;
}

function explainByOutsideUse({ comparison }: ResidualInput): string[] {
  const { input_tokens: input, output_tokens: output } = comparison.difference;
  const sentences: string[] = [];
  if ((input ?? 0) > 0 || (output ?? 0) > 0) {
    sentences.push(
      'The provider has more: other programs or machines may use the same key or project, or calls and retries may have bypassed the proxy.',
    );
  }
  if ((input ?? 0) < 0 || (output ?? 0) < 0) {
    sentences.push(
      'The provider has less: the calls may have used another key, project or organization, or some figures are not available yet.',
    );
  }
  if (input === null || output === null) sentences.push('Some token figures are unknown to the ledger or to the provider.');
  return sentences;
}

function runNames(shared: readonly SharedCalls[]): string {
  return truncateNames(shared.map(({ other }) => `${other.framework}/${other.runId}`));
}
