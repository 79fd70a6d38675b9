/** What went wrong: why the run did not succeed, and the errors and warnings in its logs. */
import { counted, stepNumber } from '../../format.ts';
import type { ProblemExample, ProblemSummary, RunSummary } from '../../schema.ts';
import { fact, facts, GAP, note, type Block } from './model.ts';
import { nextCommand } from './phrases.ts';

const FIRST_LISTED = 3;
const LAST_LISTED = 2;
const LINES_PER_MESSAGE = 2;
const OUTPUT_LINES = 10;

/** Cause, last lines and where to read on; empty for a run that succeeded or is not over. */
export function failureBlocks(summary: RunSummary): Block[] {
  const { failure } = summary;
  if (failure === null) return [];
  const where = [
    failure.phase === null ? '' : `phase ${failure.phase}`,
    failure.step === null ? '' : `step ${stepNumber(failure.step)}`,
    failure.attempt === null ? '' : `attempt ${failure.attempt}`,
  ].filter((part) => part !== '');
  return [
    note(failure.cause, { after: where.length === 0 ? '' : ` (${where.join(', ')})` }),
    ...outputBlocks('The last lines of output:', failure.last_lines),
    { kind: 'command', label: 'Next', command: nextCommand(summary) },
  ];
}

function outputBlocks(lead: string, lines: readonly string[]): Block[] {
  return lines.length === 0 ? [] : [{ kind: 'code', lead, lines }];
}

/** With the failure in between, and as many messages as a page has room for; empty when nothing went wrong. */
export function problemBlocks(summary: RunSummary): Block[] {
  const { errors, warnings, failure } = summary;
  if (errors.count + warnings.count === 0 && failure === null) return [];
  return [
    facts(fact('Errors', String(errors.count)), fact('Warnings', String(warnings.count))),
    ...(failure === null
      ? []
      : [
          GAP,
          facts(fact('Cause', failure.cause, { lines: 3 })),
          ...outputBlocks('Last lines of output:', failure.last_lines.slice(-OUTPUT_LINES)),
          facts(fact('Log', failure.log_file)),
          { kind: 'command', label: 'Next', command: nextCommand(summary) } as const,
        ]),
    ...exampleBlocks(errors, 'error'),
    ...exampleBlocks(warnings, 'warning'),
  ];
}

function exampleBlocks(problems: ProblemSummary, noun: string): Block[] {
  if (problems.count === 0) return [];
  const all = [...problems.first, ...problems.last];
  const shown = all.length <= FIRST_LISTED + LAST_LISTED ? all : [...all.slice(0, FIRST_LISTED), ...all.slice(-LAST_LISTED)];
  const examples = shown.map((problem) => note(exampleText(problem), { lines: LINES_PER_MESSAGE }));
  const left = problems.count - shown.length;
  if (left > 0 && shown.length > FIRST_LISTED)
    examples.splice(FIRST_LISTED, 0, note(`... ${counted(left, noun)} between not listed; see logs/`));
  return [GAP, ...examples];
}

function exampleText({ timestamp, level, step, message }: ProblemExample): string {
  const where = step === null ? '' : ` (step ${stepNumber(step)})`;
  return `[${timestamp}] ${level.toUpperCase()}${where} ${message}`;
}

/** All that are kept, as a table; empty when there is none. */
export function problemTable({ errors, warnings }: RunSummary): Block[] {
  if (errors.count + warnings.count === 0) return [];
  const examples = [...errors.first, ...errors.last, ...warnings.first, ...warnings.last];
  return [
    note(`${counted(errors.count, 'error')}, ${counted(warnings.count, 'warning')}.`),
    {
      kind: 'table',
      heads: ['Time', 'Level', 'Step', 'Message'],
      rows: examples.map(({ timestamp, level, step, message }) => [
        timestamp,
        level,
        step === null ? '' : stepNumber(step),
        message,
      ]),
    },
  ];
}
