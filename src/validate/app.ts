/** The service that the framework built: started on a free port, probed until ready, stopped with everything it started. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ProgramResult } from '../exec/index.ts';
import { describeOutcome, runLogged } from '../exec/index.ts';
import type { Logger } from '../log/index.ts';
import { runRedactor } from '../log/index.ts';
import type { AppConfig } from '../schema/index.ts';
import { sendRequest } from './request.ts';

export interface AppOptions {
  readonly config: AppConfig;
  readonly workspace: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly processTag: string;
  readonly signal: AbortSignal;
  readonly graceSeconds: number;
  readonly log: Logger;
}

export type Probe = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface App {
  readonly command: readonly [string, ...string[]];
  /** Settles when the program has ended, by itself or by {@link App.stop}. */
  readonly ended: Promise<ProgramResult>;
  /** Asks the health path once. */
  readonly probe: (signal: AbortSignal) => Promise<Probe>;
  /** Resolves when the health path answers, or says why it will not. */
  ready(): Promise<Probe>;
  /** The last lines of its output, as recorded. */
  lastLines(): string[];
  /** Ends it and everything it started. */
  stop(): Promise<ProgramResult>;
}

const BETWEEN_START_PROBES_MS = 50;
const LAST_LINES = 20;
const LAST_LINE_CHARACTERS = 500;

export function startApp(options: AppOptions): App {
  const { config, port } = options;
  const [file, ...args] = config.command.map((part) => part.replaceAll('{port}', String(port)));
  const command: [string, ...string[]] = [file!, ...args];
  const lines: string[] = [];
  const stopping = new AbortController();
  const ended = runLogged(
    {
      command,
      cwd: options.workspace,
      env: { ...options.env, [config.port_env]: String(port) },
      graceMs: options.graceSeconds * 1000,
      processTag: options.processTag,
      signal: AbortSignal.any([options.signal, stopping.signal]),
      redact: () => runRedactor().stream(),
      onLine({ text }) {
        lines.push(text.slice(0, LAST_LINE_CHARACTERS));
        if (lines.length > LAST_LINES) lines.shift();
      },
    },
    options.log,
  );
  let result: ProgramResult | null = null;
  const noted = ended.then((value) => (result = value));

  const probe = async (signal: AbortSignal, timeoutMs = config.request_timeout_seconds * 1000): Promise<Probe> => {
    const answer = await sendRequest({ port, method: 'GET', path: config.health_path, timeoutMs, signal });
    if (answer.kind === 'failed') return { ok: false, reason: answer.reason };
    if (answer.status >= 200 && answer.status < 300) return { ok: true };
    return { ok: false, reason: `GET ${config.health_path} answered ${answer.status}` };
  };
  return {
    command,
    ended,
    probe: async (signal) => await probe(signal),
    lastLines: () => [...lines],
    async ready() {
      const deadline = performance.now() + config.start_timeout_seconds * 1000;
      const given = new AbortController();
      void noted.then(() => given.abort());
      let reason: string | null = null;
      for (;;) {
        const left = deadline - performance.now();
        // A probe that has next to no time would only say so, in place of what the last one saw.
        if (reason !== null && left < BETWEEN_START_PROBES_MS) {
          await delay(Math.max(0, left), undefined, { signal: given.signal }).catch(() => undefined);
          if (options.signal.aborted) return { ok: false, reason: 'interrupted' };
          if (result === null)
            return { ok: false, reason: `it was not ready on port ${port} within ${config.start_timeout_seconds} s: ${reason}` };
        }
        const answer = await probe(given.signal, Math.max(1, Math.min(left, config.request_timeout_seconds * 1000)));
        if (options.signal.aborted) return { ok: false, reason: 'interrupted' };
        if (result !== null) return { ok: false, reason: `it ended before it was ready: ${describeOutcome(result.outcome)}` };
        if (answer.ok) return answer;
        reason = answer.reason;
        await delay(BETWEEN_START_PROBES_MS, undefined, { signal: given.signal }).catch(() => undefined);
      }
    },
    async stop() {
      stopping.abort();
      return await ended;
    },
  };
}
