/** What went wrong: why the run did not succeed, and the errors and warnings in its logs. */
import { pluralize, formatStep } from '../../format/index.ts';
import type { FailureSummary, ProblemExample, ProblemSummary, RunSummary } from '../../schema/index.ts';
import { fact, facts, BLANK_LINE, note, type ReportBlock } from './model.ts';

const FIRST_LISTED = 3;
const LAST_LISTED = 2;
const LINES_PER_MESSAGE = 2;
const OUTPUT_LINES = 10;

/** Cause, last lines and where to read on; empty for a run that succeeded or is not over. */
export function failureBlocks({ failure, run_id }: RunSummary): ReportBlock[] {
  if (failure === null) return [];
  const where = [
    failure.phase === null ? '' : `phase ${failure.phase}`,
    failure.step === null ? '' : `step ${formatStep(failure.step)}`,
    failure.attempt === null ? '' : `attempt ${failure.attempt}`,
  ].filter((part) => part !== '');
  return [
    note(failure.cause, { after: { trusted: where.length === 0 ? '' : ` (${where.join(', ')})` } }),
    ...outputBlocks('The last lines of output:', failure.last_lines),
    nextCommand(run_id, failure),
  ];
}

function outputBlocks(lead: string, lines: readonly string[]): ReportBlock[] {
  return lines.length === 0 ? [] : [{ kind: 'code', lead, lines }];
}

/** The command worth typing after a failure. */
function nextCommand(runId: string | null, { step }: FailureSummary): ReportBlock {
  const code = `npx stepwell logs ${runId ?? 'latest'}${step === null ? '' : ` --step ${step}`}`;
  return note({ trusted: 'Next: ' }, { after: { code } });
}

/** With the failure in between, and as many messages as a page has room for; empty when nothing went wrong. */
export function problemBlocks({ errors, warnings, failure, run_id }: RunSummary): ReportBlock[] {
  if (errors.count + warnings.count === 0 && failure === null) return [];
  const blocks: ReportBlock[] = [facts(fact('Errors', String(errors.count)), fact('Warnings', String(warnings.count)))];
  if (failure !== null)
    blocks.push(
      BLANK_LINE,
      facts(fact('Cause', failure.cause, { lines: 3 })),
      ...outputBlocks('Last lines of output:', failure.last_lines.slice(-OUTPUT_LINES)),
      facts(fact('Log', failure.log_file)),
      nextCommand(run_id, failure),
    );
  return [...blocks, ...exampleBlocks(errors, 'error'), ...exampleBlocks(warnings, 'warning')];
}

function exampleBlocks(problems: ProblemSummary, noun: string): ReportBlock[] {
  if (problems.count === 0) return [];
  const all = [...problems.first, ...problems.last].map((problem) =>
    fact(null, exampleText(problem), { lines: LINES_PER_MESSAGE }),
  );
  const last = all.slice(FIRST_LISTED).slice(-LAST_LISTED);
  const left = problems.count - FIRST_LISTED - last.length;
  const between = left > 0 && last.length > 0 ? `... ${pluralize(left, noun)} between not listed; see logs/` : null;
  return [BLANK_LINE, facts(...all.slice(0, FIRST_LISTED), fact(null, between), ...last)];
}

function exampleText({ timestamp, level, step, message }: ProblemExample): string {
  const where = step === null ? '' : ` (step ${formatStep(step)})`;
  return `[${timestamp}] ${level.toUpperCase()}${where} ${message}`;
}

/** All that are kept, as a table; empty when there is none. */
export function problemTable({ errors, warnings }: RunSummary): ReportBlock[] {
  if (errors.count + warnings.count === 0) return [];
  const examples = [...errors.first, ...errors.last, ...warnings.first, ...warnings.last];
  return [
    note(`${pluralize(errors.count, 'error')}, ${pluralize(warnings.count, 'warning')}.`),
    {
      kind: 'table',
      headers: ['Time', 'Level', 'Step', 'Message'],
      rows: examples.map(({ timestamp, level, step, message }) => {
        return [timestamp, level, step === null ? '' : formatStep(step), message];
      }),
    },
  ];
}
