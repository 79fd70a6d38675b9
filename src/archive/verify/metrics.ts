/** metrics.json, field by field, against the metrics computed again. */
import { messageOf } from '../../errors/index.ts';
import { FORMAT_VERSION, metricsText, type RunSummary } from '../../schema/index.ts';
import { computeMetrics } from '../../summary/index.ts';
import { compareFields } from './fields.ts';
import { reportFormatting } from './metadata.ts';
import type { Differences } from './report.ts';

/** @param version the format that the file is of: what later minor versions added is not expected in it */
export function compareMetrics(
  differences: Differences,
  file: string,
  text: string | null,
  { summary, version }: { readonly summary: RunSummary; readonly version: string },
): void {
  if (text === null) return differences.add(file, 'the metrics of the run', 'missing');
  const computed = computeMetrics(summary);
  const before = differences.items.length;
  let recorded: unknown;
  try {
    recorded = JSON.parse(text);
  } catch (error) {
    return differences.add(file, 'valid JSON', messageOf(error));
  }
  const isCurrent = version === FORMAT_VERSION;
  const expected: unknown = JSON.parse(JSON.stringify({ ...computed, format_version: version }));
  compareFields(differences, 'metrics_fields', file, recorded, isCurrent ? expected : knownTo(recorded, expected));
  // Equal fields in another form: a field twice, or nested otherwise.
  const written = isCurrent ? metricsText(computed) : `${JSON.stringify(recorded, null, 2)}\n`;
  if (differences.items.length === before && text !== written) reportFormatting(differences, file);
}

/** `value` without the fields that `recorded` does not have. */
function knownTo(recorded: unknown, value: unknown): unknown {
  if (typeof recorded !== 'object' || recorded === null || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => knownTo((recorded as unknown[])[index], item));
  const known = Object.entries(value).filter(([key]) => Object.hasOwn(recorded, key));
  return Object.fromEntries(known.map(([key, item]) => [key, knownTo((recorded as Record<string, unknown>)[key], item)]));
}
