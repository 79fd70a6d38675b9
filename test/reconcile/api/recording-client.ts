/** A client of the simulated provider that never really waits, and keeps what it was told. */
import type { TestContext } from 'node:test';
import { openUsageApi } from '../../../src/reconcile/api/open.ts';
import type { RawPage, UsageApi, UsageApiOptions, UsageQuery } from '../../../src/reconcile/api/usage-api.ts';
import { startUsageServer, type UsageServer, type UsageServerOptions } from '../usage-server/server.ts';

export interface RecordingClient {
  readonly server: UsageServer;
  readonly api: UsageApi;
  readonly pages: RawPage[];
  /** Milliseconds of every pause. */
  readonly pauses: number[];
}

export async function createClient(
  t: TestContext,
  serverOptions: UsageServerOptions,
  options: Partial<UsageApiOptions> = {},
): Promise<RecordingClient> {
  const server = await startUsageServer(serverOptions);
  t.after(() => server.close());
  const pages: RawPage[] = [];
  const pauses: number[] = [];
  const api = openUsageApi({
    provider: serverOptions.provider,
    baseUrl: server.baseUrl,
    adminKey: server.adminKey,
    wait: async (ms) => void pauses.push(ms),
    random: () => 0.5,
    now: () => new Date('2026-03-02T12:00:00Z'),
    onResponse: (page) => void pages.push(page),
    ...options,
  });
  return { server, api, pages, pauses };
}

export const noFilter = { api_key_id: null, project_id: null, workspace_id: null };

/** A window on 2026-03-02, hours and minutes. */
export function between(start: string, end: string, filter: Partial<typeof noFilter> | Record<string, string> = {}): UsageQuery {
  return {
    start: new Date(`2026-03-02T${start}:00Z`),
    end: new Date(`2026-03-02T${end}:00Z`),
    filter: { ...noFilter, ...filter },
  };
}

/** A time on 2026-03-02. */
export function at(time: string): Date {
  return new Date(`2026-03-02T${time}Z`);
}
