/** `stepwell summary`: the fold of a run's logs, rendered. */
import { findRun, openRun } from '../../catalog/index.ts';
import { ExitCode } from '../../errors/index.ts';
import { renderJson, renderMarkdown, renderText } from '../../summary/index.ts';
import { calledAs } from '../called-as.ts';
import { write } from '../output.ts';
import { runsDirFlag, runsDirOf, type CommonOptions } from '../runs-dir.ts';
import { summaryOf } from '../views/run-facts.ts';

interface SummaryOptions extends CommonOptions {
  readonly format: 'text' | 'markdown' | 'json';
}

const RENDER = { text: renderText, markdown: renderMarkdown, json: renderJson };

export async function run([name = '']: readonly string[], options: SummaryOptions): Promise<number> {
  const runsDir = runsDirOf(options);
  const found = await findRun(runsDir, name);
  await using source = await openRun(found);
  const { summary, archive } = await summaryOf(found, source);
  const text = asTypedHere(RENDER[options.format](summary, archive), runsDir);
  await write(text.endsWith('\n') ? text : `${text}\n`);
  return ExitCode.ok;
}

/** A summary names the next command as it is typed in a clone, since the file is read there and its bytes are sealed. */
function asTypedHere(text: string, runsDir: string): string {
  const typed = (_: string, before: string, command: string): string =>
    `${before}${calledAs()} ${command}${runsDirFlag(runsDir)}`;
  return text.replace(/^(Next: `?)npx stepwell ([^`\n]+)/m, typed);
}
