/** `stepwell compare`: frameworks side by side, over their runs. */
import { compareRuns, listRuns } from '../../catalog/index.ts';
import { ExitCode } from '../../errors/index.ts';
import { comparisonMarkdown, comparisonText } from '../views/comparison.ts';
import { sanitizeJson } from '../../terminal/index.ts';
import { columnsOf, note, print } from '../output.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';
import { cliError } from '../errors.ts';

interface CompareOptions extends CommonOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** @throws INVALID_OPTION for a framework without runs */
export async function run(frameworks: readonly string[], options: CompareOptions): Promise<number> {
  const runsDir = runsDirOf(options);
  const { runs } = await listRuns(runsDir);
  const known = [...new Set(runs.map(({ entry }) => entry.framework))].sort();
  for (const framework of frameworks) {
    if (known.includes(framework)) continue;
    throw cliError('INVALID_OPTION', {
      option: 'framework',
      value: framework,
      reason: `which has no runs in ${shownPath(runsDir)}`,
      fix: known.length === 0 ? 'Start one with `stepwell run <framework>`.' : `Frameworks with runs: ${known.join(', ')}.`,
    });
  }
  const wanted = runs.filter(({ entry }) => frameworks.length === 0 || frameworks.includes(entry.framework));
  const groups = await compareRuns(wanted);
  if (options.json === true) {
    for (const group of groups) await print(sanitizeJson(group));
    return ExitCode.ok;
  }
  if (groups.length === 0) note(`There are no runs in ${shownPath(runsDir)}. Start one with \`stepwell run <framework>\`.`);
  else if (options.markdown === true) await print(...comparisonMarkdown(groups));
  else await print(...comparisonText(groups, columnsOf(process.stdout)));
  return ExitCode.ok;
}
