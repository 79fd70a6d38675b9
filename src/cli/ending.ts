/** What is said of a run when it is done: the head of its summary, what failed, where the record is, what to type next. */
import { resolve } from 'node:path';
import { findRun, openRun } from '../catalog.ts';
import type { RunResult } from '../experiment.ts';
import { renderText } from '../summary.ts';
import type { Paint } from './colour.ts';
import { bytes } from './columns.ts';
import { neutral, neutralLine } from './neutral.ts';
import { summaryOf } from './run-facts.ts';
import { shownPath } from './runs-dir.ts';
import { cut } from './width.ts';

const RULE = /^=+$/;

export async function endingOf(result: RunResult, runsDir: string, paint: Paint): Promise<string[]> {
  const found = await findRun(runsDir, `${result.framework}/${result.runId}`);
  await using source = await openRun(found);
  const { summary, archive } = await summaryOf(found, source);
  const lines = [...headOf(renderText(summary, archive))];
  const { failure } = summary;
  if (failure !== null) {
    const where = [failure.phase === null ? '' : `phase ${failure.phase}`, failure.step === null ? '' : `step ${failure.step}`];
    lines.push(
      '',
      `${paint('red', 'What failed:')} ${where.filter((part) => part !== '').join(', ')}`,
      `  ${neutralLine(failure.cause)}`,
    );
    if (failure.last_lines.length > 0)
      lines.push('Last lines of output:', ...failure.last_lines.map((line) => paint('dim', `  | ${cut(neutralLine(line), 74)}`)));
  }
  if (result.record === 'incomplete') {
    lines.push('', paint('red', 'The record is incomplete:'), ...result.problems.map((problem) => `  ${neutralLine(problem)}`));
  }
  lines.push('', `Record: ${shownPath(result.runDir)}`);
  if (result.archive !== null)
    lines.push(`Archive: ${result.archive.name}, ${bytes(result.archive.bytes)}, verified by reading it back`);
  lines.push(
    '',
    'Next:',
    ...nextCommands(result, failure?.step ?? null, runsDir).map((command) => `  ${paint('cyan', command)}`),
  );
  return lines;
}

/** The first section, without its rules. */
function headOf(text: string): string[] {
  const lines = neutral(text).split('\n');
  const rules = lines.flatMap((line, index) => (RULE.test(line) ? [index] : []));
  return lines.slice((rules[1] ?? -1) + 1, rules[2] ?? lines.length).filter((line) => line !== '');
}

function nextCommands(result: RunResult, failedStep: number | null, runsDir: string): string[] {
  // Typed here, the commands look into ./runs.
  const place = runsDir === resolve('runs') ? '' : ` --runs-dir ${shownPath(runsDir)}`;
  const name = result.runId;
  const failed = result.status !== 'success';
  const step = failedStep === null ? '' : ` --step ${failedStep}`;
  const commands = failed ? [`logs ${name}${step} --level warn`, `logs ${name}${step}`] : [`show ${name}`];
  return [...commands, `summary ${name}`, `verify ${name}`].map((command) => `npx stepwell ${command}${place}`);
}
