/** The steps of the text: as many as fit, with one line for each group of omitted steps. */
import { formatStep } from '../../format/index.ts';
import type { StepSummary } from '../../schema/index.ts';
import { BLANK_LINE, note, type ReportBlock } from '../document/model.ts';
import { chooseSteps, statusCounts } from '../document/selection.ts';
import { stepBlock } from '../document/steps.ts';

/** Bytes reserved for the line about omitted steps next to a listed one. */
const GAP_BYTES = 99;
/** With more changes than this between reached and not reached, omitted steps share one line. */
const GROUPS_LISTED = 10;

/** Steps in order, as many as fit into `budget` bytes. Steps that did not succeed are kept first, then the earliest ones. */
export function stepLines(
  steps: readonly StepSummary[],
  failingStep: number | null,
  budget: number,
  print: (blocks: readonly ReportBlock[]) => string[],
): string[] {
  if (steps.length === 0) return ['No step is recorded.'];
  const reached = steps.filter(isReached);
  const printed = new Map(reached.map((step) => [step.step, print([stepBlock(step), BLANK_LINE])]));
  const cost = ({ step }: StepSummary): number => GAP_BYTES + Buffer.byteLength((printed.get(step) ?? []).join('\n'));
  const listed = chooseSteps(reached, failingStep, budget, cost);
  const changes = steps.filter((step, index) => index > 0 && isReached(step) !== isReached(steps[index - 1]));
  const split = changes.length <= GROUPS_LISTED;
  const lines: string[] = [];
  let left: StepSummary[] = [];
  const flush = (): void => {
    lines.push(...print(omittedStepsLine(left)));
    left = [];
  };
  for (const step of steps) {
    if (left.length > 0 && (listed.has(step.step) || (split && isReached(step) !== isReached(left[0])))) flush();
    if (listed.has(step.step)) lines.push(...(printed.get(step.step) ?? []));
    else left.push(step);
  }
  flush();
  return lines.slice(0, -1);
}

function isReached(step: StepSummary | undefined): boolean {
  return step !== undefined && step.status !== 'not_reached';
}

/** One line with the number of omitted steps. */
function omittedStepsLine(steps: readonly StepSummary[]): ReportBlock[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return [];
  const range = `Steps ${formatStep(first.step)} to ${formatStep(last.step)} (${steps.length})`;
  const names = steps.length === 1 ? `Step ${formatStep(first.step)}` : range;
  const why = steps.some(isReached) ? ` not listed: ${statusCounts(steps)}; see their logs` : ': NOT REACHED';
  return [note(`${names}${why}`), BLANK_LINE];
}
