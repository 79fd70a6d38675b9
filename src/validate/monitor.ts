/** Polls a service while it is meant to be up. Only changes between up and down are recorded; polls are counted. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import { toSeconds } from '../schema/index.ts';
import type { Probe } from './app.ts';

export interface Uptime {
  readonly polls: number;
  readonly pollsFailed: number;
  readonly downSeconds: number;
}

export interface Monitor {
  /** The service is known to be gone, without asking it. */
  reportDown(reason: string): void;
  /** Ends polling after one more poll, so that even a short time is measured at its end; a signal that aborts leaves it out. */
  stop(signal: AbortSignal): Promise<Uptime>;
}

export function startMonitor(options: {
  probe: (signal: AbortSignal) => Promise<Probe>;
  intervalSeconds: number;
  log: Logger;
}): Monitor {
  const { probe, log } = options;
  const stopping = new AbortController();
  let polls = 0;
  let pollsFailed = 0;
  let downMs = 0;
  let downSince: number | null = null;

  const reportDown = (reason: string): void => {
    if (downSince !== null) return;
    downSince = performance.now();
    const metadata: EventMetadata<'downtime'> = { state: 'down', down_seconds: null };
    log.warn(`The service is down: ${reason}`, { event: 'downtime', metadata });
  };
  const reportUp = (): void => {
    if (downSince === null) return;
    const lasted = performance.now() - downSince;
    downMs += lasted;
    downSince = null;
    const metadata: EventMetadata<'downtime'> = { state: 'up', down_seconds: toSeconds(lasted) };
    log.info(`The service answers again after ${toSeconds(lasted)} s`, { event: 'downtime', metadata });
  };
  const poll = async (signal: AbortSignal): Promise<void> => {
    const answer = await probe(signal);
    // A poll that was cut short has measured nothing.
    if (signal.aborted) return;
    polls++;
    if (answer.ok) reportUp();
    else {
      pollsFailed++;
      reportDown(answer.reason);
    }
  };
  const polling = (async () => {
    while (!stopping.signal.aborted) {
      await delay(options.intervalSeconds * 1000, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await poll(stopping.signal);
    }
  })();
  return {
    reportDown,
    async stop(signal) {
      stopping.abort();
      await polling;
      if (!signal.aborted) await poll(signal);
      if (downSince !== null) downMs += performance.now() - downSince;
      return { polls, pollsFailed, downSeconds: toSeconds(downMs) };
    },
  };
}
