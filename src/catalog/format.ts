/** Which format versions this stepwell reads, and what to do about other versions. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '../schema/json.ts';
import { FORMAT_VERSION } from '../schema/vocabulary.ts';
import { METADATA_FILE } from '../store/index.ts';
import { catalogError } from './errors.ts';

export type FormatState = 'readable' | 'too_new' | 'too_old' | 'unknown';

/** Minor versions only add fields, so the major one decides. A run without a version is one of the original system, and is readable. */
export function formatState(version: unknown): FormatState {
  if (version === undefined) return 'readable';
  const major = typeof version === 'string' ? /^(\d{1,9})\.\d{1,9}$/.exec(version)?.[1] : undefined;
  if (major === undefined) return 'unknown';
  const known = Number.parseInt(FORMAT_VERSION, 10);
  if (Number(major) === known) return 'readable';
  return Number(major) > known ? 'too_new' : 'too_old';
}

/** @throws RUN_TOO_NEW, RUN_TOO_OLD, RUN_FORMAT_UNKNOWN */
export function requireReadable(location: string, metadataText: string | null): void {
  const metadata = parseMetadata(metadataText);
  const facts = { location, version: String(metadata['format_version']), known: FORMAT_VERSION };
  const writer = typeof metadata['stepwell_version'] === 'string' ? metadata['stepwell_version'] : null;
  const state = formatState(metadata['format_version']);
  switch (state) {
    case 'readable':
      return;
    case 'too_new':
      throw catalogError('RUN_TOO_NEW', { ...facts, writer });
    case 'too_old':
      throw catalogError('RUN_TOO_OLD', { ...facts, writer });
    case 'unknown':
      throw catalogError('RUN_FORMAT_UNKNOWN', facts);
    default:
      state satisfies never;
  }
}

/** The same for a run directory. */
export async function requireReadableDirectory(dir: string): Promise<void> {
  requireReadable(dir, await readFile(join(dir, METADATA_FILE), 'utf8').catch(() => null));
}

function parseMetadata(text: string | null): Record<string, unknown> {
  const value = parseJson(text ?? '');
  // The logs of a run with broken metadata can still be read; `verify` names the damage.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
