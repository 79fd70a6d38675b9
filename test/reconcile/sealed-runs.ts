/** Sealed runs whose calls were made at given times, and a usage server that booked them. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { verifyRun } from '../../src/archive/index.ts';
import { initialMetadata } from '../../src/experiment/metadata.ts';
import { sealRun } from '../../src/experiment/seal.ts';
import { withRun } from '../../src/log/index.ts';
import { reconcileRuns, type ReconcileOptions, type RunReconciliation } from '../../src/reconcile/index.ts';
import {
  metadataText,
  type EventMetadata,
  type ReconciliationAttempt,
  type RunMetadata,
  type UsageProvider,
} from '../../src/schema/index.ts';
import { logFileOf } from '../../src/store/index.ts';
import { startUsageServer, type UsageServer, type UsageServerOptions } from './usage-server/server.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** A whole hour. */
export const NOON = Date.parse('2026-03-02T12:00:00.000Z');

export interface CallSpec {
  /** Milliseconds after noon. */
  readonly at: number;
  /** Milliseconds; default 1,000. */
  readonly lasts?: number;
  readonly step?: number | null;
  readonly input?: number;
  readonly output?: number;
  readonly cached?: number;
  readonly wire?: string;
  /** Default: an answer with figures. */
  readonly ends?: 'ok' | 'http_error' | 'unreachable' | 'reset' | 'aborted' | 'never';
  /** False: the provider does not book it. */
  readonly booked?: boolean;
  /** By how many milliseconds the provider's clock is before ours. */
  readonly skew?: number;
}

export interface SealedRunSpec {
  readonly framework?: string;
  readonly id: string;
  readonly calls?: readonly CallSpec[];
  /** Milliseconds after noon; default: a second around the calls. */
  readonly from?: number;
  readonly to?: number;
  readonly steps?: number;
  readonly keyId?: string | null;
  readonly projectId?: string | null;
  /** What was really called with, where the configuration does not name it. */
  readonly bookedKeyId?: string;
  /** `unrecorded`: as before format 1.1. */
  readonly provider?: UsageProvider | 'unrecorded' | null;
  readonly rehearsal?: boolean;
  readonly replayOf?: string;
  readonly unmetered?: boolean;
  readonly claim?: EventMetadata<'attempt_end'>['claimed_usage'];
  readonly reconciliation?: Record<string, number>;
  readonly adminKey?: string;
}

export interface ReconcileFixture extends AsyncDisposable {
  readonly runsDir: string;
  readonly server: UsageServer;
  /** Writes and seals a run, and books its calls. Returns its directory. */
  make(run: SealedRunSpec): Promise<string>;
  /** Reconciles at a simulated time, milliseconds after noon. */
  at(afterNoon: number, options?: Partial<ReconcileOptions>): Promise<readonly RunReconciliation[]>;
  readonly env: NodeJS.ProcessEnv;
}

export async function createFixture(options: Partial<UsageServerOptions> = {}): Promise<ReconcileFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'stepwell-reconcile-'));
  const runsDir = join(dir, 'runs');
  const server = await startUsageServer({ provider: 'openai', now: new Date(NOON), ...options });
  const env = { OPENAI_ADMIN_KEY: server.adminKey, ANTHROPIC_ADMIN_KEY: server.adminKey };
  return {
    runsDir,
    server,
    env,
    make: async (run) => await makeRun(runsDir, server, run, options.provider ?? 'openai'),
    async at(afterNoon, more = {}) {
      const now = new Date(NOON + afterNoon);
      server.setNow(now);
      const { results } = await reconcileRuns({ runsDir, env, now: () => now, wait: async () => {}, ...more });
      return results;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const ZERO = { files_added: 0, files_changed: 0, files_removed: 0, processes_killed: 0 };

async function makeRun(runsDir: string, server: UsageServer, run: SealedRunSpec, served: UsageProvider): Promise<string> {
  const { framework = 'baes', id, calls = [], keyId = null, projectId = null, provider = served } = run;
  const runDir = join(runsDir, framework, id);
  const filter = { api_key_id: keyId, project_id: projectId, workspace_id: null };
  const ends = calls.map(({ at, lasts = 1000 }) => at + lasts);
  const from = run.from ?? Math.min(0, ...calls.map(({ at }) => at)) - 1000;
  const to = run.to ?? Math.max(0, ...ends) + 1000;
  const planned = Array.from({ length: run.steps ?? Math.max(1, ...calls.map(({ step = 1 }) => step ?? 1)) }, (_, index) => ({
    step: index + 1,
    name: `step-${index + 1}`,
    prompt_file: 'p.txt',
    prompt_sha256: '0'.repeat(64),
  }));
  const config = stringify({
    model: 'gpt-x',
    endpoint: {
      base_url: 'https://api.openai.com/v1',
      usage_api: { base_url: server.baseUrl, ...(run.adminKey === undefined ? {} : { admin_key: run.adminKey }) },
    },
    frameworks: { [framework]: {} },
    steps: [],
    reconciliation: run.reconciliation ?? {},
  });
  const sha256 = createHash('sha256').update(config).digest('hex');
  const lines: { at: number; file: string; record: Record<string, unknown> }[] = [];
  const add: Add = (at, component, step, event, metadata, error = null) => {
    const head = {
      level: 'info',
      timestamp: new Date(NOON + at).toISOString(),
      module: 'test',
      component,
      run_id: id,
      framework,
    };
    const attempt = step === null ? {} : { attempt: 1 };
    lines.push({
      at,
      file: logFileOf(component, step),
      record: { ...head, step, event, message: '', metadata, ...attempt, ...(error === null ? {} : { error }) },
    });
  };
  add(from, 'orchestrator', null, 'run_start', {
    stepwell_version: '0.1.0',
    adapter: 'command',
    model: 'gpt-x',
    rehearsal: run.rehearsal ?? false,
    round: 1,
    random_seed: null,
    config_sha256: sha256,
    steps: planned,
    step_timeout_seconds: 600,
    max_retries: 0,
    health_check_interval_seconds: 5,
    on_step_failure: 'stop',
    validates_app: false,
    ...(provider === 'unrecorded' ? {} : { usage_api: provider === null ? null : { provider, ...filter } }),
    replay_of: run.replayOf ?? null,
  });
  add(from, 'orchestrator', null, 'framework_ready', { commit: 'abc' });
  for (const { step, name, prompt_file, prompt_sha256 } of planned) {
    add(from, 'orchestrator', step, 'step_start', { name, prompt_file, prompt_sha256 });
    add(from, 'orchestrator', step, 'attempt_start', { mark: 'm', metered: run.unmetered !== true });
    const claim = { claim: 'success', claimed_usage: run.claim ?? null };
    add(to, 'orchestrator', step, 'attempt_end', { status: 'success', reason: null, ...claim, duration_seconds: 1, ...ZERO });
    add(to, 'orchestrator', step, 'step_end', { status: 'success', attempts: 1, retries: 0, duration_seconds: 1 });
  }
  for (const [index, call] of calls.entries()) addCall(add, call, `call-${index}`);
  add(to, 'orchestrator', null, 'run_end', {
    status: 'success',
    failing_phase: null,
    failing_step: null,
    duration_seconds: (to - from) / 1000,
    redactions: 0,
  });
  const texts = new Map<string, string>();
  for (const [index, { file, record }] of lines.sort((a, b) => a.at - b.at).entries()) {
    texts.set(file, `${texts.get(file) ?? ''}${JSON.stringify({ ...record, seq: index + 1, writer: 'abc123' })}\n`);
  }
  for (const [file, text] of texts) {
    await mkdir(dirname(join(runDir, 'logs', file)), { recursive: true });
    await writeFile(join(runDir, 'logs', file), text);
  }
  await mkdir(join(runDir, 'workspace'));
  await writeFile(join(runDir, 'config.yaml'), config);
  const host = { hostname: 'h', os: 'l', arch: 'x', cpus: 1, memory_bytes: 1, node: 'v24', tools: {} };
  const facts = {
    run_id: id,
    framework,
    adapter: 'command',
    stepwell_version: '0.1.0',
    model: 'gpt-x',
    rehearsal: run.rehearsal ?? false,
    round: 1,
    random_seed: null,
    config_sha256: sha256,
    checks_digest: null,
    steps: planned,
    replay_of: run.replayOf ?? null,
    host,
    project: { git_commit: null, git_dirty: null },
  };
  const metadata = initialMetadata(facts, new Date(NOON + from).toISOString());
  await writeFile(join(runDir, 'metadata.json'), metadataText(metadata));
  const scope = { runId: id, framework, logsDir: join(runDir, 'logs') };
  const { problems } = await withRun(scope, async () => await sealRun(runDir));
  if (problems.length > 0) throw new Error(problems.join('; '));
  for (const call of calls) recordAtProvider(server, call, { keyId: run.bookedKeyId ?? keyId, projectId });
  return runDir;
}

type Add = (at: number, component: string, step: number | null, event: string, metadata: object, error?: object | null) => void;

function addCall(add: Add, call: CallSpec, callId: string): void {
  const { at, lasts = 1000, step = 1, input = 1000, output = 100, cached = 0, wire = 'openai.chat', ends = 'ok' } = call;
  const common = {
    call_id: callId,
    wire,
    path: '/chat/completions',
    'gen_ai.request.model': 'gpt-x',
    'gen_ai.request.stream': false,
    request_bytes: 10,
    retry_of: null,
    attribution: 'url',
  };
  add(at, 'metrics', step, 'llm_call_start', common);
  if (ends === 'never') return;
  const known = ends === 'ok';
  const code = ends === 'unreachable' ? 'ECONNREFUSED' : ends === 'reset' ? 'ECONNRESET' : null;
  add(
    at + lasts,
    'metrics',
    step,
    'llm_call',
    {
      ...common,
      outcome: OUTCOME[ends],
      status: code !== null ? null : ends === 'http_error' ? 500 : 200,
      'gen_ai.response.model': known ? 'gpt-x-2026' : null,
      'gen_ai.usage.input_tokens': known ? input : null,
      'gen_ai.usage.output_tokens': known ? output : null,
      'gen_ai.usage.cache_read.input_tokens': known ? cached : null,
      'gen_ai.usage.cache_write.input_tokens': known ? 0 : null,
      'gen_ai.usage.reasoning.output_tokens': known ? 0 : null,
      usage_source: known ? 'provider' : 'none',
      usage_raw: null,
      provider_request_id: null,
      time_to_first_byte_seconds: 0.1,
      duration_seconds: lasts / 1000,
      response_bytes: 10,
      cost_nano_usd: null,
      price_source: null,
      estimate: null,
    },
    code === null ? null : { type: 'Error', message: code, stack: '', code },
  );
}

const OUTCOME = {
  ok: 'ok',
  http_error: 'http_error',
  unreachable: 'unreachable',
  reset: 'upstream_error',
  aborted: 'client_aborted',
} as const;

function recordAtProvider(
  server: UsageServer,
  call: CallSpec,
  { keyId, projectId }: { keyId: string | null; projectId: string | null },
): void {
  const { at, lasts = 1000, input = 1000, output = 100, cached = 0, ends = 'ok', booked = ends === 'ok', skew = 0 } = call;
  if (!booked) return;
  const startedAt = new Date(NOON + at + skew);
  server.record({
    startedAt,
    at: new Date(NOON + at + lasts + skew),
    model: 'gpt-x-2026',
    apiKeyId: keyId,
    projectId,
    input,
    cached,
    output,
  });
}

export async function attemptsOf(runDir: string): Promise<ReconciliationAttempt[]> {
  const text = await readFile(join(runDir, 'logs/reconciliation.log'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.includes('"event":"reconciliation_attempt"'))
    .map((line) => (JSON.parse(line) as { metadata: ReconciliationAttempt }).metadata);
}

export async function metadataOf(runDir: string): Promise<RunMetadata> {
  return JSON.parse(await readFile(join(runDir, 'metadata.json'), 'utf8')) as RunMetadata;
}

/** What `verify` finds; empty when all is right. */
export async function differences(runDir: string): Promise<readonly unknown[]> {
  return (await verifyRun(runDir)).items;
}
