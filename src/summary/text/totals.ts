import type { RunSummary } from '../../schema.ts';
import { counted, duration, figure, percentOf, stepNumber, tokens } from '../../format.ts';
import { computeMetrics } from '../metrics.ts';
import { clip, sanitizeForFile } from '../../terminal.ts';
import { hanging } from '../columns.ts';
import { claimLine, totalCost, runNotes } from '../words.ts';

const MODELS_LISTED = 5;
const MODEL_COLUMNS = 30;
const NOTES_LISTED = 12;
const PHASE_NAME = { prepare: 'Prepare', steps: 'Steps', stop: 'Stop', seal: 'Seal' } as const;

export function timeLines(summary: RunSummary): string[] {
  const { phases, attempts_seconds, backoff_seconds, validation_seconds, llm_seconds } = summary.time;
  const lines: string[] = [];
  for (const { phase, duration_seconds, ok } of phases) {
    const state = ok === false ? ' (failed)' : ok === null ? ' (no end recorded)' : '';
    lines.push(`${PHASE_NAME[phase]}: ${duration(duration_seconds)}${state}`);
    if (phase !== 'steps') continue;
    lines.push(`  - Attempts: ${duration(attempts_seconds)}`);
    lines.push(`  - Backoff: ${duration(backoff_seconds)}`);
    lines.push(`  - Validation: ${validation_seconds === null ? 'none' : duration(validation_seconds)}`);
  }
  lines.push(`LLM Wait: ${duration(llm_seconds)}${llm_seconds === null ? '' : ' (sum over calls; concurrent ones overlap)'}`);
  const longest = longestStep(summary);
  if (longest !== null) lines.push(`Longest Step: ${stepNumber(longest.step)} (${duration(longest.seconds)})`);
  return lines;
}

export function finalLines(summary: RunSummary): string[] {
  const { usage } = summary;
  const { aggregate_metrics: metrics, tokens_complete } = computeMetrics(summary);
  const total = usage.tokens_in === null || usage.tokens_out === null ? null : usage.tokens_in + usage.tokens_out;
  const reasoning = part('reasoning', usage.tokens_reasoning);
  const claim = claimLine(summary.claimed_usage, usage.unmetered_attempts === 0);
  const lowerBound = total !== null && !tokens_complete ? ' (lower bound)' : '';
  const lines = [
    `Total API Calls: ${figure(usage.api_calls)}${usage.failed_calls > 0 ? ` (${usage.failed_calls} failed)` : ''}`,
    `Total LLM Requests: ${figure(usage.llm_requests)}`,
    `Total Tokens: ${figure(total)}${lowerBound}`,
    `  - Prompt: ${figure(usage.tokens_in)} (cached: ${figure(usage.tokens_cached)}${part('cache write', usage.tokens_cache_write)})`,
    `  - Completion: ${figure(usage.tokens_out)}${reasoning === '' ? '' : ` (${reasoning.slice(2)})`}`,
    ...(claim === null ? [] : [`  - Claimed by the framework: ${claim}`]),
    `Total Cost: ${totalCost(summary)}`,
    ...modelLines(summary),
    `Total Duration: ${duration(summary.duration_seconds)}`,
    `Steps Completed: ${summary.steps_succeeded}/${figure(summary.steps_total)}`,
    `Success Rate: ${percentOf(summary.steps_succeeded, summary.steps_total)}`,
    `Retries: ${summary.steps.reduce((sum, step) => sum + step.retries, 0)}`,
  ];
  if (summary.configuration?.validates_app !== false) {
    lines.push(
      `Validation: CRUDe ${figure(metrics.CRUDe)}, ESR ${figure(metrics.ESR)}, MC ${figure(metrics.MC)}, ZDI ${figure(metrics.ZDI)}`,
    );
  } else {
    lines.push('Validation: the application was not validated');
  }
  const notes = runNotes(summary);
  lines.push(...notes.slice(0, NOTES_LISTED).flatMap((note) => hanging(sanitizeForFile(`Note: ${note}`), 2)));
  if (notes.length > NOTES_LISTED) lines.push(`Note: ${notes.length - NOTES_LISTED} more; see metrics.json`);
  return lines;
}

/** Nothing for a part that is 0 or was not told. */
function part(name: string, value: number | null): string {
  return value === null || value === 0 ? '' : `, ${name}: ${value}`;
}

/** Nothing while one model did everything. */
function modelLines({ models }: RunSummary): string[] {
  if (models.length < 2) return [];
  const lines = [`Models: ${models.length}`];
  for (const { model, api_calls, tokens_in, tokens_out } of models.slice(0, MODELS_LISTED)) {
    lines.push(
      `  - ${clip(sanitizeForFile(model), MODEL_COLUMNS)}: ${counted(api_calls, 'call')}, tokens ${tokens(tokens_in, tokens_out)}`,
    );
  }
  if (models.length > MODELS_LISTED) lines.push(`  - ${counted(models.length - MODELS_LISTED, 'more model')} not listed`);
  return lines;
}

function longestStep(summary: RunSummary): { step: number; seconds: number } | null {
  let longest: { step: number; seconds: number } | null = null;
  for (const { step, duration_seconds: seconds } of summary.steps) {
    if (seconds !== null && (longest === null || seconds > longest.seconds)) longest = { step, seconds };
  }
  return longest;
}
