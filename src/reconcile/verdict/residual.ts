/** What could explain a difference: facts of the record first, then what no record can tell. */
import { counted } from '../../format/index.ts';
import type { RunSummary, UsageComparison, UsageProvider } from '../../schema/index.ts';
import { truncateNames } from './truncation.ts';
import type { LedgerCall } from '../ledger.ts';
import type { SharedCalls } from '../minutes/shared-minutes.ts';

export interface ResidualInput {
  readonly provider: UsageProvider;
  readonly comparison: Omit<UsageComparison, 'explanations'>;
  readonly summary: RunSummary;
  /** Of this run; calls that the provider cannot bill are `foreign`. */
  readonly calls: readonly LedgerCall[];
  readonly foreign: readonly LedgerCall[];
  readonly shared: readonly SharedCalls[];
  /** Whether the calls of runs that may have used another key are in the joint ledger; null when there are none. */
  readonly possibleCounted: boolean | null;
  /** API keys in the answer. */
  readonly apiKeys: number | null;
  /** Runs that may have used the same minutes and cannot be read, in words. */
  readonly unreadable: readonly string[];
}

/** One sentence each. */
export function explainResidual(it: ResidualInput): string[] {
  return [
    ...explainByRecord(it),
    ...explainBySharedScope(it),
    ...(it.comparison.within_threshold ? [] : explainByOutsideUse(it)),
  ];
}

function explainByRecord({ summary, calls, foreign, provider }: ResidualInput): string[] {
  const said: string[] = [];
  const unknown = calls.filter(({ use }) => use === 'unknown').length;
  if (unknown > 0) {
    said.push(
      `${counted(unknown, 'call')} of this run ended without figures of tokens (aborted, cut short, or cut off with the process): the provider may have counted what the ledger lacks.`,
    );
  }
  const { unmetered_attempts, unmetered_requests } = summary.usage;
  if (unmetered_attempts > 0) {
    said.push(`${counted(unmetered_attempts, 'attempt')} did not go through the proxy: their use is not in the ledger.`);
  }
  if (unmetered_requests > 0) {
    said.push(
      `${counted(unmetered_requests, 'request')} went to paths that the proxy does not understand: their use is not in the ledger.`,
    );
  }
  if (foreign.length > 0) {
    const wires = truncateNames([...new Set(foreign.map(({ wire }) => wire))].sort());
    said.push(`${counted(foreign.length, 'call')} spoke ${wires}, which is not ${provider}’s, and were left out.`);
  }
  const lost = summary.missing_records + summary.dropped.count + summary.damaged.count + summary.malformed.count;
  if (lost > 0) said.push(`The run's record lacks ${counted(lost, 'line')}: calls may be among them.`);
  return said;
}

function explainBySharedScope({ shared, possibleCounted, apiKeys, unreadable }: ResidualInput): string[] {
  const said: string[] = [];
  const unknown = shared.flatMap(({ calls }) => calls).filter(({ use }) => use === 'unknown').length;
  if (unknown > 0) {
    said.push(`${counted(unknown, 'call')} of the runs that share its minutes ended without figures of tokens.`);
  }
  if (possibleCounted !== null) {
    const names = runNames(shared.filter(({ other }) => other.visibility === 'possible'));
    said.push(
      `${names} may have called with another API key, project or account: by the figures, their calls were ${possibleCounted ? 'made with those of this run' : 'not made with the key or project of this run'}.`,
    );
  }
  if (apiKeys !== null && apiKeys > 1) {
    said.push(
      `The provider's figures hold the use of ${counted(apiKeys, 'API key')}, so that they are a bound; api_key_id or project_id in usage_api tells this run's apart.`,
    );
  }
  if (unreadable.length > 0) said.push(`Runs that may have used the same minutes cannot be read: ${truncateNames(unreadable)}.`);
  return said;
}

function explainByOutsideUse({ comparison }: ResidualInput): string[] {
  const { input_tokens: input, output_tokens: output } = comparison.difference;
  const said: string[] = [];
  if ((input ?? 0) > 0 || (output ?? 0) > 0) {
    said.push(
      'More at the provider: use of the same key or project by other programs or machines, or calls and retries that did not go through the proxy.',
    );
  }
  if ((input ?? 0) < 0 || (output ?? 0) < 0) {
    said.push(
      'Less at the provider: another key, project or organisation than the one asked for, or figures that are still to come.',
    );
  }
  if (input === null || output === null) said.push('The ledger or the provider does not know all tokens.');
  return said;
}

function runNames(shared: readonly SharedCalls[]): string {
  return truncateNames(shared.map(({ other }) => `${other.framework}/${other.runId}`));
}
