/**
 * The index as stepwell writes it, known at sight: a list of runs then needs no zod. The schema has the last word on anything else, and
 * whatever is accepted here it accepts unchanged.
 */
import {
  hasFields,
  isBoolean,
  isCount,
  isInteger,
  isListOf,
  isMapOf,
  isNumber,
  isOneOf,
  isText,
  orNull,
  type Guard,
} from '../schema/guard.ts';
import type { FrameworkTotals, ManifestEntry, RunsManifest } from '../schema/index.ts';
import { RUN_STATUSES } from '../schema/vocabulary.ts';

const isEntry = hasFields<ManifestEntry>({
  run_id: isText,
  framework: isText,
  path: isText,
  status: orNull(isOneOf(RUN_STATUSES)),
  model: orNull(isText),
  rehearsal: orNull(isBoolean),
  replay_of: orNull(isText),
  start_time: orNull(isText),
  end_time: orNull(isText),
  duration_seconds: orNull(isNumber),
  steps_succeeded: orNull(isInteger),
  steps_total: orNull(isInteger),
  verification_status: orNull(isText),
  provider_tokens_in: orNull(isInteger),
  provider_tokens_out: orNull(isInteger),
  total_api_calls: orNull(isInteger),
  total_tokens_in: orNull(isInteger),
  total_tokens_out: orNull(isInteger),
  tokens_complete: orNull(isBoolean),
  cost_usd: orNull(isNumber),
  archive_sha256: orNull(isText),
  checks_digest: orNull(isText),
});

const isCost: Guard<number> = (value): value is number => isNumber(value) && value >= 0;
const totalsFields = {
  runs: isCount,
  rehearsals: isCount,
  replays: isCount,
  api_calls: orNull(isCount),
  tokens_in: orNull(isCount),
  tokens_out: orNull(isCount),
  cost_usd: orNull(isCost),
  runs_with_incomplete_tokens: isCount,
  runs_without_cost: isCount,
};
const hasTotals = hasFields<FrameworkTotals>(totalsFields);
/** The schema drops what it does not know. */
const isTotals: Guard<FrameworkTotals> = (value): value is FrameworkTotals =>
  hasTotals(value) && Object.keys(value).length === Object.keys(totalsFields).length;

export const isWrittenManifest: Guard<RunsManifest> = hasFields<RunsManifest>({
  version: isText,
  last_updated: isText,
  total_runs: isInteger,
  frameworks: isMapOf(isInteger),
  totals: isMapOf(isTotals),
  runs: isListOf(isEntry),
});
