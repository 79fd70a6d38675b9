/**
 * Estimates tokens in a worker thread: loading the tokenizer and counting would block every stream that is passing through the
 * proxy. The first estimate starts the thread; this file is also the worker's code.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { EventMetadata } from '../../schema/index.ts';
import { wireOf } from '../wires/table.ts';
import { estimateUsage } from './count.ts';

export type Estimate = NonNullable<EventMetadata<'llm_call'>['estimate']>;

/** The texts of a call; null for what is not to be counted. */
interface EstimateInput {
  /** Method and path of the request: they select the wire that extracts its text. */
  readonly method: string;
  readonly path: string;
  /** The complete request body. */
  readonly body: Uint8Array | null;
  /** The model's output. */
  readonly outputText: string | null;
}

export interface Estimator {
  /** Null when there is nothing to count, or counting failed. Never rejects. */
  estimate(texts: EstimateInput): Promise<Estimate | null>;
  close(): Promise<void>;
}

interface EstimateRequest extends EstimateInput {
  readonly id: number;
}

interface EstimateResponse {
  readonly id: number;
  readonly estimate: Estimate | null;
}

const WORKER_ROLE = 'stepwell token estimator';

export function createEstimator(): Estimator {
  let worker: Worker | null = null;
  let lastId = 0;
  const pending = new Map<number, (estimate: Estimate | null) => void>();

  const resolveEstimate = ({ id, estimate }: EstimateResponse): void => {
    pending.get(id)?.(estimate);
    pending.delete(id);
    // An idle worker must not keep the process alive.
    if (pending.size === 0) worker?.unref();
  };
  const onExit = (): void => {
    worker = null;
    for (const id of pending.keys()) resolveEstimate({ id, estimate: null });
  };
  const start = (): Worker => {
    const started = new Worker(new URL(import.meta.url), { workerData: WORKER_ROLE });
    started.on('message', resolveEstimate);
    // The worker could not start or ran out of memory: this estimate is null, and the next one starts a new worker.
    started.on('error', onExit);
    return started;
  };

  return {
    estimate(texts) {
      if (texts.body === null && (texts.outputText ?? '') === '') return Promise.resolve(null);
      return new Promise((resolve) => {
        lastId += 1;
        pending.set(lastId, resolve);
        worker ??= start();
        worker.ref();
        worker.postMessage({ ...texts, id: lastId } satisfies EstimateRequest, []);
      });
    },
    async close() {
      await worker?.terminate();
      onExit();
    },
  };
}

async function handleRequest({ id, method, path, body, outputText: written }: EstimateRequest): Promise<EstimateResponse> {
  try {
    const wire = wireOf(method, path);
    const readable = body !== null && wire?.lookup === false;
    const inputText = readable ? wire.inputText(Buffer.from(body.buffer, body.byteOffset, body.byteLength)) : null;
    const estimate = await estimateUsage({ inputText, outputText: written });
    return { id, estimate: estimate.input_tokens === null && estimate.output_tokens === null ? null : estimate };
  } catch {
    return { id, estimate: null };
  }
}

if (!isMainThread && workerData === WORKER_ROLE) {
  parentPort?.on('message', (request: EstimateRequest) => {
    void handleRequest(request).then((response) => parentPort?.postMessage(response, []));
  });
}
