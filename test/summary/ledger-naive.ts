/**
 * The sums again, as plainly as can be, from the text of the log files alone: the rules of docs/metrics.md and nothing of the
 * code that they are held against.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of a log. */
export interface Line {
  readonly event: string;
  readonly step: number | null;
  readonly attempt?: number;
  readonly late?: boolean;
  // A log holds anything; the naive sums look at it as a person with jq would.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly metadata: any;
}

/** Every line that is JSON, in whatever order. */
export function linesOf(runDir: string): Line[] {
  const files = readdirSync(join(runDir, 'logs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
  return files.flatMap((name) =>
    readFileSync(join(runDir, 'logs', name), 'utf8')
      .split('\n')
      .flatMap((text) => {
        try {
          return [JSON.parse(text) as Line];
        } catch {
          return [];
        }
      }),
  );
}

interface Call {
  readonly start: Line | null;
  readonly end: Line | null;
  /** Either of them. */
  readonly any: Line;
}

export function callsOf(lines: readonly Line[]): Call[] {
  const ours = lines.filter(({ event, metadata }) => /^llm_call(_start)?$/.test(event) && metadata.call_id !== undefined);
  return [...new Set(ours.map(({ metadata }) => String(metadata.call_id)))].map((id) => {
    const of = (event: string): Line | null => ours.find((line) => line.event === event && line.metadata.call_id === id) ?? null;
    const [start, end] = [of('llm_call_start'), of('llm_call')];
    const any = end ?? start;
    if (any === null) throw new Error('a call has a line');
    return { start, end, any };
  });
}

const TOKENS = {
  tokens_in: 'gen_ai.usage.input_tokens',
  tokens_out: 'gen_ai.usage.output_tokens',
  tokens_cached: 'gen_ai.usage.cache_read.input_tokens',
  tokens_cache_write: 'gen_ai.usage.cache_write.input_tokens',
  tokens_reasoning: 'gen_ai.usage.reasoning.output_tokens',
} as const;

/** What the summary should say of the lines that belong to something: the run, a step, an attempt, a model. */
export function naiveUsage(lines: readonly Line[], calls: readonly Call[] = callsOf(lines)): Record<string, number | null> {
  const count = (event: string, also: (line: Line) => boolean = () => true): number =>
    lines.filter((line) => line.event === event && also(line)).length;
  const ended = calls.map(({ end }) => end).filter((end) => end !== null);
  const input = (end: Line): number | null => end.metadata[TOKENS.tokens_in];
  const output = (end: Line): number | null => end.metadata[TOKENS.tokens_out];
  const refused = ({ metadata }: Line): boolean => metadata.outcome === 'http_error' || metadata.outcome === 'unreachable';
  const without = ended.filter((end) => !refused(end) && (input(end) === null || output(end) === null));
  const unpriced = ended.filter((end) => input(end) !== null && output(end) !== null && end.metadata.cost_nano_usd === null);
  const estimated = ended.filter((end) => end.metadata.estimate !== null);
  const open = calls.filter(({ end }) => end === null);

  const watched = calls.length > 0 || count('attempt_start', (line) => line.metadata.metered === true) > 0;
  const nothingMissing = watched && without.length === 0 && open.length === 0;
  const values = (field: string): number[] => ended.map((end) => end.metadata[field]).filter((value) => value !== null);
  const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
  const sum = (field: string): number | null => (values(field).length > 0 ? total(values(field)) : nothingMissing ? 0 : null);
  const part = (field: string, whole: string): number | null =>
    values(field).length === 0 && values(whole).length > 0 ? null : sum(field);
  const estimates = (field: string): number | null => {
    const numbers = estimated.map((end) => end.metadata.estimate[field]).filter((value) => value !== null);
    return numbers.length === 0 ? null : total(numbers);
  };
  return {
    api_calls: watched ? calls.length : null,
    llm_requests: watched ? calls.filter(({ any }) => any.metadata.retry_of === null).length : null,
    failed_calls: ended.filter((end) => end.metadata.outcome !== 'ok').length,
    open_calls: open.length,
    late_calls: ended.filter((end) => end.late === true).length,
    calls_without_usage: without.length,
    calls_estimated: estimated.length,
    calls_without_price: unpriced.length,
    calls_by_current_attempt: calls.filter(({ any }) => any.metadata.attribution === 'current_attempt').length,
    budget_refused: count('budget_refused'),
    lookups: count('llm_lookup'),
    unmetered_requests: count('unmetered_request', (line) => line.metadata.method !== 'GET'),
    unmetered_attempts: count('attempt_start', (line) => line.metadata.metered === false),
    tokens_in: sum(TOKENS.tokens_in),
    tokens_out: sum(TOKENS.tokens_out),
    tokens_cached: part(TOKENS.tokens_cached, TOKENS.tokens_in),
    tokens_cache_write: part(TOKENS.tokens_cache_write, TOKENS.tokens_in),
    tokens_reasoning: part(TOKENS.tokens_reasoning, TOKENS.tokens_out),
    estimated_tokens_in: estimates('input_tokens'),
    estimated_tokens_out: estimates('output_tokens'),
    llm_seconds: watched ? total(ended.map((end) => Math.round(end.metadata.duration_seconds * 1000))) / 1000 : null,
    cost_nano_usd: unpriced.length > 0 ? null : sum('cost_nano_usd'),
  };
}

/** What the attempts claimed, each figure on its own. The last word of an attempt counts. */
export function naiveClaims(lines: readonly Line[]): Record<string, number | null> | null {
  const last = new Map<string, Line>();
  for (const line of lines) if (line.event === 'attempt_end') last.set(`${line.step}/${line.attempt}`, line);
  const claims = [...last.values()].map((line) => line.metadata.claimed_usage).filter((claim) => claim !== null);
  if (claims.length === 0) return null;
  const sum = (field: string): number | null => {
    const numbers: number[] = claims.map((claim) => claim[field]).filter((value) => value !== null);
    return numbers.length === 0 ? null : numbers.reduce((total, one) => total + one, 0);
  };
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), calls: sum('calls') };
}

/** What the summary should say of the phases of an attempt or a step, by name. The rest, null where there are no phases, is `''`. */
export function naivePhases(lines: readonly Line[]): Map<string, object | null> {
  const calls = callsOf(lines);
  const phaseOf = ({ any }: Call): string | null => any.metadata.phase ?? null;
  const reports = lines.filter(({ event }) => event === 'framework_phase');
  const names = new Set([
    ...calls.map(phaseOf).filter((name) => name !== null),
    ...reports.map(({ metadata }) => metadata.phase),
  ]);
  const begun = lines.filter(({ event }) => event === 'attempt_start');
  const outside = calls.filter((call) => phaseOf(call) === null);
  const strayed = lines.some(({ event, metadata }) => event === 'unmetered_request' && metadata.method !== 'GET');
  const told = outside.length === 0 && !strayed && begun.every(({ metadata }) => metadata.metered);
  const phases = new Map<string, object | null>();
  for (const name of names) {
    const own = reports.filter(({ metadata }) => metadata.phase === name).map(({ metadata }) => metadata);
    const took: (number | null)[] = own.map(({ duration_seconds }) => duration_seconds);
    const known = took.length > 0 && took.every((seconds) => seconds !== null);
    phases.set(name, {
      phase: name,
      status: own.at(-1)?.status ?? null,
      duration_seconds: known ? took.reduce((sum: number, seconds) => sum + Math.round((seconds ?? 0) * 1000), 0) / 1000 : null,
      ...apart(
        naiveUsage(
          told ? begun : [],
          calls.filter((call) => phaseOf(call) === name),
        ),
      ),
    });
  }
  phases.set('', names.size === 0 ? null : apart(naiveUsage(begun, outside)));
  return phases;
}

const OF_CALLS_ALONE = [
  'api_calls',
  'llm_requests',
  'failed_calls',
  'open_calls',
  'calls_without_usage',
  'calls_without_price',
  'tokens_in',
  'tokens_out',
  'tokens_cached',
  'tokens_cache_write',
  'tokens_reasoning',
  'llm_seconds',
  'cost_nano_usd',
];

function apart(usage: Record<string, number | null>): object {
  return Object.fromEntries(OF_CALLS_ALONE.map((name) => [name, usage[name]]));
}
