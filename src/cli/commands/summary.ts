/** `stepwell summary`: the fold of a run's logs, rendered. */
import { findRun, openRun } from '../../catalog/index.ts';
import { ExitCode } from '../../errors/index.ts';
import { renderJson, renderMarkdown, renderText } from '../../summary/index.ts';
import { write } from '../output.ts';
import { runsDirOf, type CommonOptions } from '../runs-dir.ts';
import { summaryOf } from '../views/run-facts.ts';

interface SummaryOptions extends CommonOptions {
  readonly format: 'text' | 'markdown' | 'json';
}

const RENDER = { text: renderText, markdown: renderMarkdown, json: renderJson };

export async function run([name = '']: readonly string[], options: SummaryOptions): Promise<number> {
  const found = await findRun(runsDirOf(options), name);
  await using source = await openRun(found);
  const { summary, archive } = await summaryOf(found, source);
  const text = RENDER[options.format](summary, archive);
  await write(text.endsWith('\n') ? text : `${text}\n`);
  return ExitCode.ok;
}
