/** `stepwell verify`: an archive and its figures, checked. */
import { verifyRun } from '../../archive/index.ts';
import { catalogError, findRun } from '../../catalog/index.ts';
import { ExitCode } from '../../errors/index.ts';
import { paintFor, sanitizeJson, sanitizeLine } from '../../terminal/index.ts';
import { formatCount, pluralizeGrouped } from '../../format/index.ts';
import { print } from '../output.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

interface VerifyOptions extends CommonOptions {
  readonly json?: boolean;
}

export async function run([name = '']: readonly string[], options: VerifyOptions): Promise<number> {
  const found = await findRun(runsDirOf(options), name);
  if (found.kind === 'directory' && found.state !== 'finished' && found.state !== 'missing') {
    throw catalogError('RUN_NOT_SEALED', { run: found.entry.run_id, state: found.state });
  }
  const report = await verifyRun(found.kind === 'archive' ? found.archive : found.dir);
  const exitCode = report.ok ? ExitCode.ok : ExitCode.verification;
  if (options.json === true) {
    await print(sanitizeJson(report));
    return exitCode;
  }
  const paint = paintFor(process.stdout);
  const checked = Object.entries(report.checked)
    .filter(([, number]) => number > 0)
    .map(([thing, number]) => `${thing.replaceAll('_', ' ')} ${formatCount(number)}`)
    .join(', ');
  const notes = report.notes.map((text) => `note: ${sanitizeLine(text)}`);
  const where = sanitizeLine(shownPath(report.location));
  if (report.ok) {
    await print(`${paint('green', 'verified')}: ${where}`, `checked: ${checked}`, ...notes);
    return exitCode;
  }
  const differ = pluralizeGrouped(report.items.length, 'difference');
  await print(`${paint('red', differ)}: ${where}`);
  for (const { item, expected, actual } of report.items) {
    await print(
      `  ${sanitizeLine(item)}`,
      `    recorded:   ${sanitizeLine(expected)}`,
      `    recomputed: ${sanitizeLine(actual)}`,
    );
  }
  await print(`checked: ${checked}`, ...notes);
  return exitCode;
}
