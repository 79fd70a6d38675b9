/** A run directory as one line of the index: of stepwell or of the original system, finished or not. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOneOf } from '../schema/guard.ts';
import type { ManifestEntry } from '../schema/index.ts';
import { parseJson } from '../schema/json.ts';
import { METRIC_NAMES } from '../schema/metric-names.ts';
import { RUN_STATUSES } from '../schema/vocabulary.ts';
import { METADATA_FILE, METRICS_FILE } from '../store/index.ts';
import { readOriginalFacts } from './original-run.ts';

type Json = Record<string, unknown>;

const isRunStatus = isOneOf(RUN_STATUSES);

/**
 * What metadata.json and metrics.json of a run say. What they do not say, or what cannot be read, is null.
 *
 * @param path relative to the runs directory: `<framework>/<run_id>`
 */
export async function describeRun(runsDir: string, path: string): Promise<ManifestEntry> {
  const [framework = '', directory = ''] = path.split('/');
  const metadata = await readObject(join(runsDir, path, METADATA_FILE));
  const metrics = await readObject(join(runsDir, path, METRICS_FILE));
  const original = readOriginalFacts(metadata, metrics);
  const totals = objectOf(metrics['aggregate_metrics']);
  const reading = objectOf(objectOf(metrics['usage_api_reconciliation'])['last_reading']);
  const provider = objectOf(reading['total']);
  const steps = Array.isArray(metrics['steps']) ? (metrics['steps'] as unknown[]) : null;
  const planned = Array.isArray(metadata['steps']) ? metadata['steps'].length : null;
  return {
    run_id: textOf(metadata['run_id']) ?? textOf(original.runId) ?? directory,
    framework: textOf(metadata['framework']) ?? framework,
    path,
    status: isRunStatus(metadata['status']) ? metadata['status'] : null,
    model: textOf(metadata['model']) ?? textOf(original.model),
    rehearsal: typeof metadata['rehearsal'] === 'boolean' ? metadata['rehearsal'] : null,
    replay_of: textOf(metadata['replay_of']),
    start_time: textOf(metadata['started_at']) ?? textOf(original.startTime),
    end_time: textOf(metadata['ended_at']) ?? textOf(original.endTime),
    duration_seconds: numberOf(metadata['duration_seconds']) ?? numberOf(totals[METRIC_NAMES.stepSeconds]),
    steps_succeeded: steps === null ? null : steps.filter((step) => objectOf(step)['success'] === true).length,
    steps_total: integerOf(metrics['steps_total']) ?? planned ?? steps?.length ?? null,
    verification_status: textOf(metrics['verification_status']),
    provider_tokens_in: integerOf(provider['input_tokens']),
    provider_tokens_out: integerOf(provider['output_tokens']),
    total_api_calls: integerOf(totals[METRIC_NAMES.apiCalls]),
    total_tokens_in: integerOf(totals[METRIC_NAMES.inputTokens]),
    total_tokens_out: integerOf(totals[METRIC_NAMES.outputTokens]),
    tokens_complete: typeof metrics['tokens_complete'] === 'boolean' ? metrics['tokens_complete'] : null,
    cost_usd: numberOf(totals[METRIC_NAMES.costUsd]),
    checks_digest: textOf(metadata['checks_digest']),
    archive_sha256: textOf(objectOf(metadata['archive'])['sha256']) ?? textOf(original.archiveSha256),
  };
}

async function readObject(file: string): Promise<Json> {
  // An index lists a run with a broken file too; `verify` and `show` say that it is broken.
  return objectOf(parseJson(await readFile(file, 'utf8').catch(() => '')));
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function integerOf(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null;
}
