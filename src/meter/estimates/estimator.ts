/**
 * Estimates in a thread of its own: loading the tokeniser and counting would hold up every stream that is passing through the
 * proxy at that time. The thread is started by the first estimate; this file is also the thread's own code.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { EventMetadata } from '../../schema/index.ts';
import { wireOf } from '../wires/table.ts';
import { estimateUsage } from './count.ts';

export type Estimate = NonNullable<EventMetadata<'llm_call'>['estimate']>;

/** What is known of the texts of a call; null for what is not to be counted. */
interface Texts {
  /** Of the request: what its body means. */
  readonly method: string;
  readonly path: string;
  /** The whole of it. */
  readonly body: Uint8Array | null;
  /** What the model wrote. */
  readonly written: string | null;
}

export interface Estimator {
  /** Null where there is nothing to count, or counting failed. Never rejects. */
  estimate(texts: Texts): Promise<Estimate | null>;
  close(): Promise<void>;
}

interface Question extends Texts {
  readonly id: number;
}

interface Answer {
  readonly id: number;
  readonly estimate: Estimate | null;
}

const ROLE = 'stepwell token estimator';

export function createEstimator(): Estimator {
  let worker: Worker | null = null;
  let asked = 0;
  const waiting = new Map<number, (estimate: Estimate | null) => void>();

  const answer = ({ id, estimate }: Answer): void => {
    waiting.get(id)?.(estimate);
    waiting.delete(id);
    // An idle thread is no reason for the process to go on.
    if (waiting.size === 0) worker?.unref();
  };
  const end = (): void => {
    worker = null;
    for (const id of waiting.keys()) answer({ id, estimate: null });
  };
  const start = (): Worker => {
    const started = new Worker(new URL(import.meta.url), { workerData: ROLE });
    started.on('message', answer);
    // A thread that could not start or ran out of memory: the call stays unknown, and the next one tries again.
    started.on('error', end);
    return started;
  };

  return {
    estimate(texts) {
      if (texts.body === null && (texts.written ?? '') === '') return Promise.resolve(null);
      return new Promise((resolve) => {
        asked += 1;
        waiting.set(asked, resolve);
        worker ??= start();
        worker.ref();
        worker.postMessage({ ...texts, id: asked } satisfies Question, []);
      });
    },
    async close() {
      await worker?.terminate();
      end();
    },
  };
}

async function answerQuestion({ id, method, path, body, written }: Question): Promise<Answer> {
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

if (!isMainThread && workerData === ROLE) {
  parentPort?.on('message', (question: Question) => {
    void answerQuestion(question).then((answer) => parentPort?.postMessage(answer, []));
  });
}
