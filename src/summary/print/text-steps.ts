import type { AttemptSummary, StepSummary } from '../../schema.ts';
import { counted, duration, figure, stepNumber, tokens } from '../../format.ts';
import { chooseSteps, statusCounts } from '../document/selection.ts';
import { claimLine, lastError, phasesLeftOut, phaseWords, statusWord, stepNotes, validationLine } from '../document/phrases.ts';

const ATTEMPTS_LISTED = 4;
const FAILURES_LISTED = 2;
/** Room for the line that stands for the steps left out beside a listed one. */
const GAP_BYTES = 100;
/** More changes than this between reached and not reached are not told apart line by line. */
const GROUPS_LISTED = 10;

/** Steps in order, as many as `budget` bytes allow: those that did not succeed first, then from the beginning. */
export function stepLines(
  steps: readonly StepSummary[],
  failingStep: number | null,
  budget: number,
  finish: (lines: string[]) => string[],
): string[] {
  if (steps.length === 0) return ['No step is recorded.'];
  const reached = steps.filter(isReached);
  const blocks = new Map(reached.map((step) => [step.step, finish(stepBlock(step))]));
  const listed = chooseSteps(
    reached,
    failingStep,
    budget,
    (step) => GAP_BYTES + Buffer.byteLength((blocks.get(step.step) ?? []).join('\n')),
  );
  const lines: string[] = [];
  const split =
    steps.filter((step, index) => index > 0 && isReached(step) !== isReached(steps[index - 1])).length <= GROUPS_LISTED;
  let left: StepSummary[] = [];
  const flush = (): void => {
    lines.push(...finish(leftOut(left)));
    left = [];
  };
  for (const step of steps) {
    if (left.length > 0 && (listed.has(step.step) || (split && isReached(step) !== isReached(left[0])))) flush();
    if (listed.has(step.step)) lines.push(...(blocks.get(step.step) ?? []), '');
    else left.push(step);
  }
  flush();
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function stepBlock(step: StepSummary): string[] {
  const { usage } = step;
  const logged =
    step.errors + step.warnings > 0 ? `  - Logged: ${counted(step.errors, 'error')}, ${counted(step.warnings, 'warning')}` : null;
  if (step.status === 'unknown')
    return [`Step ${stepNumber(step.step)}: ${statusWord(step.status)}`, ...(logged === null ? [] : [logged])];
  const lines = [
    `Step ${stepNumber(step.step)}: ${statusWord(step.status)} (duration: ${duration(step.duration_seconds)}, retries: ${step.retries})`,
    `  - API Calls: ${figure(usage.api_calls)}`,
    `  - Tokens (prompt/completion/total): ${tokens(usage.tokens_in, usage.tokens_out)}`,
    `  - LLM Requests: ${figure(usage.llm_requests)}`,
  ];
  lines.push(...phaseLines(step));
  for (const note of stepNotes(step)) lines.push(`  - Note: ${note}`);
  const claim = claimLine(step.claimed_usage, step.metered !== false);
  if (claim !== null) lines.push(`  - Claimed by the framework: ${claim}`);
  if (step.name !== null) lines.push(`  - Name: ${step.name}`);
  const validation = validationLine(step);
  if (validation !== null) lines.push(`  - Validation: ${validation}`);
  for (const failure of (step.validation?.failures ?? []).slice(0, FAILURES_LISTED)) lines.push(`    failed: ${failure}`);
  if (step.retries > 0) lines.push(...attemptLines(step.attempts));
  const error = lastError(step);
  if (error !== null) lines.push(`  - Last error: ${error}`);
  if (step.hitl > 0) lines.push(`  - Clarifications: ${step.hitl}`);
  if (logged !== null) lines.push(logged);
  return lines;
}

function phaseLines(step: StepSummary): string[] {
  const lines = phaseWords(step).map(({ phase, status, seconds, usage }) => {
    const took = seconds === null ? [] : [duration(seconds)];
    const calls = usage.api_calls === null ? 'calls unknown' : counted(usage.api_calls, 'call');
    const used = usage.api_calls === 0 ? [] : [`tokens ${tokens(usage.tokens_in, usage.tokens_out)}`];
    return `  - ${phase === null ? 'Outside phases' : `Phase ${phase}`}: ${[...(status === '' ? [] : [status]), ...took, calls, ...used].join(', ')}`;
  });
  const left = phasesLeftOut(step);
  return left === null ? lines : [...lines, `  - ${left}`];
}

function attemptLines(attempts: readonly AttemptSummary[]): string[] {
  const lines = attempts.slice(-ATTEMPTS_LISTED).map((attempt) => {
    const why = attempt.reason === null ? '' : `: ${attempt.reason.replaceAll('_', ' ')}`;
    const calls = attempt.usage.api_calls === null ? 'calls unknown' : counted(attempt.usage.api_calls, 'call');
    const used = `${calls}, tokens ${tokens(attempt.usage.tokens_in, attempt.usage.tokens_out)}`;
    return `  - Attempt ${attempt.attempt}: ${statusWord(attempt.status)}${why} (${duration(attempt.duration_seconds)}, ${used})`;
  });
  if (attempts.length > ATTEMPTS_LISTED)
    lines.unshift(`  - ${counted(attempts.length - ATTEMPTS_LISTED, 'earlier attempt')} not listed`);
  return lines;
}

function isReached(step: StepSummary | undefined): boolean {
  return step !== undefined && step.status !== 'not_reached';
}

/** One line for steps that are counted only. */
function leftOut(steps: readonly StepSummary[]): string[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return [];
  const names =
    steps.length === 1
      ? `Step ${stepNumber(first.step)}`
      : `Steps ${stepNumber(first.step)} to ${stepNumber(last.step)} (${steps.length})`;
  if (!steps.some(isReached)) return [`${names}: NOT REACHED`, ''];
  return [`${names} not listed: ${statusCounts(steps)}; see their logs`, ''];
}
