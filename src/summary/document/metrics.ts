/** What was measured: totals, and where the time went. */
import { pluralize, formatDuration, formatNumber, formatShare, formatStep, sumComplete } from '../../format/index.ts';
import type { RunSummary } from '../../schema/index.ts';
import { clip, sanitizeForFile } from '../../terminal/index.ts';
import { computeMetrics } from '../metrics.ts';
import { fact, facts, item, limitedFacts, type ReportBlock, type Fact } from './model.ts';
import { claimText, runNotes, totalCost, usageText } from './phrases.ts';

const MODELS_LISTED = 5;
const MODEL_COLUMNS = 30;
const NOTES_LISTED = 12;
const PHASE_NAME = { prepare: 'Prepare', steps: 'Steps', stop: 'Stop', seal: 'Seal' } as const;

export function timeBlocks(summary: RunSummary): ReportBlock[] {
  const { phases, attempts_seconds, backoff_seconds, validation_seconds, llm_seconds } = summary.time;
  const parts = [
    item('Attempts', formatDuration(attempts_seconds)),
    item('Backoff', formatDuration(backoff_seconds)),
    item('Validation', validation_seconds === null ? 'none' : formatDuration(validation_seconds)),
  ];
  return [
    facts(
      ...phases.flatMap(({ phase, duration_seconds, ok }) => {
        const state = ok === false ? ' (failed)' : ok === null ? ' (no end recorded)' : '';
        return [fact(PHASE_NAME[phase], `${formatDuration(duration_seconds)}${state}`), ...(phase === 'steps' ? parts : [])];
      }),
      fact(
        'LLM Wait',
        `${formatDuration(llm_seconds)}${llm_seconds === null ? '' : ' (sum over calls; concurrent ones overlap)'}`,
      ),
      fact('Longest Step', longestStep(summary)),
    ),
  ];
}

function longestStep({ steps }: RunSummary): string | null {
  let longest: { step: number; seconds: number } | null = null;
  for (const { step, duration_seconds: seconds } of steps) {
    if (seconds !== null && (longest === null || seconds > longest.seconds)) longest = { step, seconds };
  }
  return longest === null ? null : `${formatStep(longest.step)} (${formatDuration(longest.seconds)})`;
}

export function totalBlocks(summary: RunSummary): ReportBlock[] {
  const { usage } = summary;
  const { aggregate_metrics: metrics, tokens_complete } = computeMetrics(summary);
  const total = sumComplete([usage.tokens_in, usage.tokens_out]);
  const reasoning = tokenPart('reasoning', usage.tokens_reasoning);
  return [
    facts(
      fact(
        'Total API Calls',
        `${formatNumber(usage.api_calls)}${usage.failed_calls > 0 ? ` (${usage.failed_calls} failed)` : ''}`,
      ),
      fact('Total LLM Requests', formatNumber(usage.llm_requests)),
      fact('Total Tokens', `${formatNumber(total)}${total !== null && !tokens_complete ? ' (lower bound)' : ''}`),
      item(
        'Prompt',
        `${formatNumber(usage.tokens_in)} (cached: ${formatNumber(usage.tokens_cached)}${tokenPart('cache write', usage.tokens_cache_write)})`,
      ),
      item('Completion', `${formatNumber(usage.tokens_out)}${reasoning === '' ? '' : ` (${reasoning.slice(2)})`}`),
      item('Claimed by the framework', claimText(summary)),
      fact('Total Cost', totalCost(summary)),
      ...modelFacts(summary),
      fact('Total Duration', formatDuration(summary.duration_seconds)),
      ...successFacts(summary),
      fact('Retries', String(summary.steps.reduce((sum, step) => sum + step.retries, 0))),
      fact(
        'Validation',
        summary.configuration?.validates_app === false
          ? 'the application was not validated'
          : `CRUDe ${formatNumber(metrics.CRUDe)}, ESR ${formatNumber(metrics.ESR)}, MC ${formatNumber(metrics.MC)}, ZDI ${formatNumber(metrics.ZDI)}`,
      ),
      ...limitedFacts(
        runNotes(summary),
        NOTES_LISTED,
        (text) => fact('Note', text, { lines: 2 }),
        (left) => fact('Note', `${left} more; see metrics.json`),
      ),
    ),
  ];
}

function successFacts({ steps_succeeded: done, steps_total: all }: RunSummary): (Fact | null)[] {
  return [fact('Steps Completed', `${done}/${formatNumber(all)}`), fact('Success Rate', formatShare(done, all))];
}

/** Nothing for a part that is 0 or was not told. */
function tokenPart(name: string, value: number | null): string {
  return value === null || value === 0 ? '' : `, ${name}: ${value}`;
}

/** Nothing while one model did everything. */
function modelFacts({ models }: RunSummary): (Fact | null)[] {
  if (models.length < 2) return [];
  return [
    fact('Models', String(models.length)),
    ...limitedFacts(
      models,
      MODELS_LISTED,
      (model) => item(clip(sanitizeForFile(model.model), MODEL_COLUMNS), usageText(model)),
      (left) => item(null, `${pluralize(left, 'more model')} not listed`),
    ),
  ];
}

/** By the names that `metrics.json` has for them. */
export function metricBlock(summary: RunSummary): ReportBlock {
  const notes = runNotes(summary);
  const measured = Object.entries(computeMetrics(summary).aggregate_metrics);
  const all = facts(
    ...successFacts(summary),
    fact('LLM Requests', formatNumber(summary.usage.llm_requests)),
    fact('Cost', { trusted: totalCost(summary) }),
    fact('Tokens Claimed by the Framework', claimText(summary)),
    ...measured.map(([name, value]) => fact({ code: name }, formatNumber(value))),
    fact('Notes', notes.length === 0 ? null : notes),
  );
  return { ...all, headers: ['Metric', 'Value'] };
}
