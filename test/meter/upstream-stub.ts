/** A provider stub: the test supplies its responses, and it keeps the requests that it received. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface UpstreamStub extends AsyncDisposable {
  readonly origin: string;
  readonly seen: ReceivedRequest[];
}

export type StubHandler = (response: ServerResponse, seen: ReceivedRequest, request: IncomingMessage) => void | Promise<void>;

export async function startUpstreamStub(answer: StubHandler): Promise<UpstreamStub> {
  const seen: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    seen.push(entry);
    await answer(response, entry, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 40 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

/** A chat completion that is not streamed. */
export function sendCompletion(response: ServerResponse, usage: object | undefined = USAGE): void {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Grüße 🎓' }, finish_reason: 'stop' }];
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-request-id', 'req-1');
  response.end(JSON.stringify({ id: 'c1', object: 'chat.completion', model: 'gpt-test-2026', choices, usage }));
}

function event(data: unknown, end: string): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}${end}${end}`;
}

/** The events of a streamed completion, with the usage event only if requested. */
export function streamEvents(includeUsage: boolean, end = '\n'): { shown: string[]; usage: string; done: string } {
  const head = { id: 'c1', object: 'chat.completion.chunk', model: 'gpt-test-2026' };
  const extra = includeUsage ? { usage: null } : {};
  const texts = ['Grüße ', '🎓🎓', ' "usage" and _tokens" too', '…'];
  const shown = texts.map((content) =>
    event({ ...head, choices: [{ index: 0, delta: { content }, finish_reason: null }], ...extra }, end),
  );
  shown.splice(1, 0, `: keep-alive${end}${end}`);
  shown.push(event({ ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], ...extra }, end));
  return { shown, usage: event({ ...head, choices: [], usage: USAGE }, end), done: event('[DONE]', end) };
}
