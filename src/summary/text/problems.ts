import type { ProblemExample, ProblemSummary, RunSummary } from '../../schema.ts';
import { counted, stepNumber } from '../../format.ts';
import { sanitizeForFile } from '../../terminal.ts';
import { hanging } from '../columns.ts';
import { nextCommand } from '../words.ts';

const FIRST_LISTED = 3;
const LAST_LISTED = 2;
const LINES_PER_MESSAGE = 2;
const OUTPUT_LINES = 10;

/** Empty when nothing went wrong. */
export function problemLines(summary: RunSummary): string[] {
  const { errors, warnings, failure } = summary;
  if (errors.count + warnings.count === 0 && failure === null) return [];
  const lines = [`Errors: ${errors.count}`, `Warnings: ${warnings.count}`];
  if (failure !== null) {
    lines.push('', ...hanging(`Cause: ${sanitizeForFile(failure.cause)}`, 3));
    if (failure.last_lines.length > 0) {
      lines.push('Last lines of output:', ...failure.last_lines.slice(-OUTPUT_LINES).map((line) => `  | ${line}`));
    }
    if (failure.log_file !== null) lines.push(`Log: ${failure.log_file}`);
    lines.push(`Next: ${nextCommand(summary)}`);
  }
  lines.push(...exampleLines(errors, 'error'), ...exampleLines(warnings, 'warning'));
  return lines;
}

function exampleLines(problems: ProblemSummary, noun: string): string[] {
  if (problems.count === 0) return [];
  const all = [...problems.first, ...problems.last];
  const shown = all.length <= FIRST_LISTED + LAST_LISTED ? all : [...all.slice(0, FIRST_LISTED), ...all.slice(-LAST_LISTED)];
  const lines = [''];
  for (const [index, problem] of shown.entries()) {
    if (index === FIRST_LISTED && problems.count > shown.length) {
      lines.push(`... ${counted(problems.count - shown.length, noun)} between not listed; see logs/`);
    }
    lines.push(...hanging(exampleText(problem), LINES_PER_MESSAGE));
  }
  return lines;
}

function exampleText({ timestamp, level, step, message }: ProblemExample): string {
  const where = step === null ? '' : ` (step ${stepNumber(step)})`;
  return sanitizeForFile(`[${timestamp}] ${level.toUpperCase()}${where} ${message}`);
}
