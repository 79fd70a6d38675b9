/**
 * One HTTP request to a program that may answer anything. `node:http` in place of `fetch`: no proxy of the environment,
 * no kept connection that a stopped program leaves behind, no followed redirect.
 */
import type { ClientRequest } from 'node:http';
import { request } from 'node:http';
import { messageOf } from '../errors/index.ts';
import { errnoOf, failureReason } from '../store/index.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface HttpRequest {
  readonly port: number;
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From connecting to the last byte. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `complete` is false when the body was longer than {@link MAX_BODY_BYTES} and the rest was not read. */
export type HttpOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Buffer; readonly complete: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

/** Never rejects. */
export async function sendRequest(options: HttpRequest): Promise<HttpOutcome> {
  const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
  const fail = (reason: string): void => resolve({ kind: 'failed', reason });
  if (options.signal.aborted) return { kind: 'failed', reason: 'interrupted' };
  let sent: ClientRequest | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => fail('interrupted');
  try {
    const url = new URL(`http://127.0.0.1:${options.port}${options.path}`);
    sent = request(url, {
      method: options.method,
      agent: false,
      headers: {
        ...options.headers,
        ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }),
      },
    });
    let answered = false;
    timer = setTimeout(() => {
      fail(`${answered ? 'the answer did not end' : 'no answer'} within ${options.timeoutMs / 1000} s`);
    }, options.timeoutMs);
    options.signal.addEventListener('abort', onAbort, { once: true });
    sent.on('response', (response) => {
      answered = true;
      const status = response.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) resolve({ kind: 'answered', status, body: Buffer.concat(chunks), complete: false });
      });
      response.on('end', () => resolve({ kind: 'answered', status, body: Buffer.concat(chunks), complete: true }));
      response.on('error', () => fail('the answer broke off'));
    });
    sent.on('error', (error) => fail(reasonOf(error)));
    sent.on('close', () => fail(answered ? 'the answer broke off' : 'the connection was closed without an answer'));
    sent.end(options.body);
  } catch (error) {
    fail(reasonOf(error));
  }
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
    sent?.destroy();
  }
}

function reasonOf(error: unknown): string {
  const code = errnoOf(error);
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET') return 'connection reset';
  return messageOf(error) || failureReason(error);
}
