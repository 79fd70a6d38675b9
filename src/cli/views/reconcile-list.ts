/** The reconciliation state of runs, without an API call: those that wait, or all of them by state. */
import type { RunReconciliation } from '../../reconcile/index.ts';
import type { ManifestEntry, ReconciliationState } from '../../schema/index.ts';
import { formatCount, pluralizeGrouped, DASH } from '../../format/index.ts';
import { stateCounts } from './reconcile-result.ts';
import { sentence } from './document.ts';
import { againLines, factsText, headLines, nextLines, runName, stateText, waitText, type Saying } from './reconcile-words.ts';
import { widthOf, wrap } from '../../terminal/index.ts';

/** A block for each run. */
export function waitingLines(runs: readonly RunReconciliation[], saying: Saying): string[] {
  const again = againLines(runs, saying);
  const blocks = runs.map((run) => [...headLines(run, saying), ...sentence(run.reason, saying), ...nextLines(run, saying)]);
  return [...blocks, ...(again.length === 0 ? [] : [again])].flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** Sections in this order; a state without a run has none. */
const SECTIONS: readonly ReconciliationState[] = [
  'mismatch',
  'unavailable',
  'provisional',
  'pending',
  'verified',
  'not_applicable',
];

/** Counts, then a section for each state. `entries` are of the index, by `<framework>/<run_id>`. */
export function overviewLines(
  runs: readonly RunReconciliation[],
  entries: ReadonlyMap<string, ManifestEntry>,
  saying: Saying,
): string[] {
  const lines = wrap(`${pluralizeGrouped(runs.length, 'run')}: ${stateCounts(runs)}`, saying.columns, 3);
  const young = runs.filter((run) => isYoung(run, saying.now)).length;
  if (young > 0) lines.push(`  too young to read yet: ${formatCount(young)}`);
  for (const state of SECTIONS) {
    const found = runs.filter((run) => run.state === state);
    if (found.length === 0) continue;
    lines.push('', saying.paint('bold', `${stateText({ state }).toUpperCase()} (${formatCount(found.length)})`));
    for (const run of found) lines.push(...runLines(run, entries.get(runName(run)), saying));
  }
  return lines;
}

/** No attempt yet, and none is made before a certain age. */
function isYoung({ state, summary, nextAttemptAt, settled }: RunReconciliation, now: Date): boolean {
  return (
    state === 'pending' && summary === null && !settled && nextAttemptAt !== null && Date.parse(nextAttemptAt) > now.getTime()
  );
}

function runLines(run: RunReconciliation, entry: ManifestEntry | undefined, saying: Saying): string[] {
  const ledger = run.summary?.comparison?.ledger;
  const reading = run.summary?.last_reading?.total;
  const proxy = [ledger?.input_tokens ?? entry?.total_tokens_in, ledger?.output_tokens ?? entry?.total_tokens_out];
  const facts = [
    `proxy ${formatCount(proxy[0], DASH)} in, ${formatCount(proxy[1], DASH)} out`,
    ...(reading === undefined
      ? []
      : [`provider ${formatCount(reading.input_tokens, DASH)} in, ${formatCount(reading.output_tokens, DASH)} out`]),
  ];
  const isWide = widthOf(`  ${runName(run)}  ${factsText(run)}`) > saying.columns;
  const wait = run.nextAttemptAt === null ? [] : [waitText(run.nextAttemptAt, saying.now)];
  return [
    ...(isWide ? [`  ${runName(run)}`, `    ${factsText(run)}`] : [`  ${runName(run)}  ${factsText(run)}`]),
    ...[facts.join('; '), run.reason, ...wait].flatMap((text) =>
      sentence(text, { columns: saying.columns - 2 }).map((line) => `  ${line}`),
    ),
  ];
}
