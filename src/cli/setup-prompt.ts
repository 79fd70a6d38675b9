/** Before a run, on a terminal: whether to set up now what is not. */
import { createInterface } from 'node:readline';
import { adapters, recipes } from '../frameworks/index.ts';
import { checkReadiness } from '../setup/index.ts';
import { pluralForm } from '../format/index.ts';
import { StepwellError } from '../errors/index.ts';
import { loadConfig, type ResolvedFramework } from '../config/index.ts';
import { sanitizeLine } from '../terminal/index.ts';
import { note } from './output.ts';
import type { CommonOptions } from './runs-dir.ts';

/** Somebody is there to answer, and sees the question. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Those of the frameworks to run that could be set up and are not. */
export async function notSetUp(frameworks: readonly string[], options: CommonOptions): Promise<string[]> {
  const missing: string[] = [];
  for (const { name, adapter, settings } of chosen(frameworks, options)) {
    const recipe = recipes[adapter];
    if (recipe !== undefined && (await checkReadiness(recipe, settings)).status === 'not_ready') missing.push(name);
  }
  return missing;
}

/** What is wrong with the configuration is for the run itself to say. */
function chosen(frameworks: readonly string[], { config, runsDir }: CommonOptions): readonly ResolvedFramework[] {
  try {
    // No key is needed to look.
    return loadConfig({ file: config, flags: { runsDir, frameworks, rehearse: true }, adapters }).frameworks;
  } catch (error) {
    if (error instanceof StepwellError) return [];
    throw error;
  }
}

/** Asks. Whatever does not begin with y, and the end of the input, means no. */
export async function wantsSetup(names: readonly string[]): Promise<boolean> {
  const shown = names.map((name) => sanitizeLine(name));
  const subject = `${shown.join(', ')} ${pluralForm(shown.length, 'is', 'are')} not set up.`;
  note(`${subject} Setup takes minutes and needs network access: \`stepwell setup ${shown.join(' ')}\`.`);
  process.stderr.write('Set up now? [y/N] ');
  // Not as a terminal: Ctrl-C then ends the process, which has begun nothing yet.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve).once('close', () => resolve(''));
  });
  lines.close();
  process.stdin.pause();
  return /^\s*y/i.test(answer);
}
