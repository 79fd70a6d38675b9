/** A provider on loopback that answers at once: what is measured is the way there and back. Own process; prints its port. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EVENT_MS, EVENTS, MODEL } from './workload.ts';

const USAGE = { prompt_tokens: 120, completion_tokens: EVENTS, total_tokens: 120 + EVENTS };
const CONTENT = 'All work and no play makes Jack a dull boy. '.repeat(40);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    // A peer may look whether somebody is there; such a request has no body.
    const text = Buffer.concat(chunks).toString('utf8');
    const asksStream = text !== '' && (JSON.parse(text) as { stream?: boolean }).stream === true;
    if (asksStream) stream(response);
    else whole(response);
  });
});

function whole(response: ServerResponse): void {
  const message = { role: 'assistant', content: CONTENT };
  const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }];
  const text = JSON.stringify({ id: 'c-1', object: 'chat.completion', created: 1, model: MODEL, choices, usage: USAGE });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (more: object): string =>
    `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: MODEL, ...more })}\n\n`;
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < EVENTS) {
      // The time of sending travels in the event, so that the client can tell how long it was on its way.
      const content = (performance.timeOrigin + performance.now()).toFixed(3);
      response.write(event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
      sent += 1;
      return;
    }
    clearInterval(timer);
    response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    response.end(`${event({ choices: [], usage: USAGE })}data: [DONE]\n\n`);
  }, EVENT_MS);
  response.on('close', () => clearInterval(timer));
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
