/** One attempt behind a meter in front of a stub, and requests to it as a framework sends them. */
import { withStep } from '../../src/log/index.ts';
import {
  loadPrices,
  startMeter,
  unpriced,
  type Meter,
  type MeteredEndpoint,
  type RunMeter,
  type RunMeterOptions,
} from '../../src/meter/index.ts';
import { withLedgerRun, type LedgerRun } from './ledger-run.ts';
import { startUpstreamStub, type StubHandler, type UpstreamStub } from './upstream-stub.ts';

export const REAL_KEY = 'real-key-1234';
const OVERRIDES = { 'gpt-test-2026': { input_price: 2.5, cached_price: 1.25, output_price: 10 } };

interface Setting {
  readonly run: LedgerRun;
  readonly upstream: UpstreamStub;
  readonly endpoint: MeteredEndpoint;
}

/** One attempt behind a meter in front of a stub; `path` is the upstream's own base path. */
export async function withMeteredAttempt(
  answer: StubHandler,
  fn: (setting: Setting) => Promise<void>,
  {
    path = '/v1',
    ...changes
  }: Partial<Omit<RunMeterOptions, 'upstream'>> & Partial<RunMeterOptions['upstream']> & { path?: string } = {},
): Promise<void> {
  await withLedgerRun(async (run) => {
    await using upstream = await startUpstreamStub(answer);
    await using meter = await startMeter();
    const { apiKey = REAL_KEY, askStreamUsage = true, baseUrl = upstream.origin + path, ...rest } = changes;
    const prices = await loadPrices({ overrides: OVERRIDES, baseUrl: null });
    const to = { baseUrl, apiKey, askStreamUsage };
    const meterOfRun = meter.openRun({ runId: 'run-1', upstream: to, prices, ...rest });
    await withStep(1, { attempt: 2 }, async () => {
      const endpoint = meterOfRun.openAttempt({ step: 1, attempt: 2 });
      await fn({ run, upstream, endpoint });
      await endpoint.close();
    });
  });
}

/** Opens a run that sends no key and has no prices. */
export function openRunWithoutKeyOrPrices(meter: Meter, baseUrl: string, changes: Partial<RunMeterOptions> = {}): RunMeter {
  return meter.openRun({
    runId: 'run-1',
    upstream: { baseUrl, apiKey: null },
    prices: unpriced('no prices in this test'),
    ...changes,
  });
}

export function postChatCompletion(
  endpoint: MeteredEndpoint,
  body: object | string | Buffer,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${endpoint.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${endpoint.apiKey}`, 'content-type': 'application/json' },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    ...init,
  });
}

export const CHAT_REQUEST = { model: 'gpt-test', messages: [{ role: 'user', content: 'hello' }] };
export const STREAMED_CHAT_REQUEST = { ...CHAT_REQUEST, stream: true };
