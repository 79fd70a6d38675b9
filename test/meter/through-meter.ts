/** Runs one client twice, directly against a provider stub and through the meter, and checks that it sees the same. */
import assert from 'node:assert/strict';
import { withStep } from '../../src/log/index.ts';
import { startMeter, unpriced, type MeteredEndpoint } from '../../src/meter/index.ts';
import type { EventMetadata } from '../../src/schema/index.ts';
import { withLedgerRun } from './ledger-run.ts';
import { REAL_KEY } from './metered-attempt.ts';
import type { UsageTotals } from './sent-usage.ts';
import { startUpstreamStub, type StubHandler } from './upstream-stub.ts';

export type Address = Pick<MeteredEndpoint, 'baseUrl' | 'rootUrl' | 'apiKey'>;

interface Ledger {
  readonly calls: readonly EventMetadata<'llm_call'>[];
  readonly lookups: readonly EventMetadata<'llm_lookup'>[];
  /** Of the stub behind the meter. */
  readonly sent: UsageTotals;
}

/** `use` returns what the client saw; `calls` and `lookups`: the records to wait for. */
export async function runDirectAndMetered(
  stub: (key: string) => { answer: StubHandler; sent: UsageTotals },
  use: (address: Address) => Promise<unknown>,
  { calls = 0, lookups = 0, askStreamUsage = true }: { calls?: number; lookups?: number; askStreamUsage?: boolean },
): Promise<Ledger> {
  const direct = stub(REAL_KEY);
  await using straight = await startUpstreamStub(direct.answer);
  const root = { baseUrl: `${straight.origin}/v1`, rootUrl: straight.origin, apiKey: REAL_KEY };
  const expected = await use(root);

  let ledger: Ledger | undefined;
  await withLedgerRun(async (run) => {
    const { answer, sent } = stub(REAL_KEY);
    await using upstream = await startUpstreamStub(answer);
    await using meter = await startMeter();
    const to = { baseUrl: `${upstream.origin}/v1`, apiKey: REAL_KEY, askStreamUsage };
    const runMeter = meter.openRun({ runId: 'run-1', upstream: to, prices: unpriced('no prices in this test') });
    await withStep(1, { attempt: 1 }, async () => {
      const endpoint = runMeter.openAttempt({ step: 1, attempt: 1 });
      const seen = await use(endpoint);
      await endpoint.close();
      assert.deepEqual(seen, expected);
      const ended = await run.wait('llm_call', calls);
      const looked = await run.wait('llm_lookup', lookups);
      assert.deepEqual([ended.length, looked.length], [calls, lookups]);
      assert.deepEqual(sent, direct.sent, 'the stub was asked for the same');
      ledger = { calls: ended.map(({ metadata }) => metadata), lookups: looked.map(({ metadata }) => metadata), sent };
    });
  });
  return ledger ?? assert.fail();
}

/** The facts of an error that do not depend on the address. */
export async function errorFacts(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    const { name, message, status, code, type, error: body, requestID } = error as Error & Record<string, unknown>;
    return { class: (error as Error).constructor.name, name, message, status, code, type, body, requestID };
  }
  return assert.fail('it did not fail');
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** For each call, the index of the call that it retries, or null. */
export function retriedCallIndexes(calls: Ledger['calls']): (number | null)[] {
  return calls.map(({ retry_of }) => (retry_of === null ? null : calls.findIndex(({ call_id }) => call_id === retry_of)));
}
