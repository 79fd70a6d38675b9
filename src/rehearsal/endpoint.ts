/** The offline scripted model: an OpenAI-compatible endpoint on loopback that answers from rule files. It is no model. */
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { estimateUsage } from './estimate.ts';
import { parseChatRequest, type ChatRequest } from './request.ts';
import { answerTo, loadRules, type Rule } from './rules.ts';

export interface Rehearsal extends AsyncDisposable {
  /** With its `/v1`. Any key is accepted. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

interface RehearsalOptions {
  /** Folder of `.yaml`, `.yml` and `.json` rule files. */
  readonly rulesDir: string;
  /** A prompt that no rule knows is an error; otherwise it gets a sentence that says so. */
  readonly strict: boolean;
}

/** The name under which every answer is given, whatever model was asked for. */
const MODEL = 'rehearsal';
const UNKNOWN = 'This is a rehearsal: no model was asked, and no rule knows this prompt.';
/** Characters per event of a streamed answer. */
const PIECE = 400;

/**
 * Starts the scripted model on a free port of 127.0.0.1. Same request, same answer, byte for byte.
 *
 * @throws REHEARSAL_RULES_MISSING, REHEARSAL_RULES_INVALID
 * @example await using rehearsal = await startRehearsal({ rulesDir: 'config/rehearsal', strict: true });
 */
export async function startRehearsal({ rulesDir, strict }: RehearsalOptions): Promise<Rehearsal> {
  const rules = await loadRules(rulesDir);
  const server = createServer((request, response) => {
    // The only failure left is a client that goes away, which needs no answer.
    respond(rules, { rulesDir, strict }, request, response).catch(() => void response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { baseUrl: `http://127.0.0.1:${port}/v1`, close, [Symbol.asyncDispose]: close };
}

async function respond(
  rules: readonly Rule[],
  options: RehearsalOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  const body = await readText(request);
  if ((request.method === 'GET' || request.method === 'HEAD') && path === '/v1/models') {
    sendJson(response, 200, { object: 'list', data: [{ id: MODEL, object: 'model', created: 0, owned_by: 'stepwell' }] });
    return;
  }
  if (request.method !== 'POST' || path !== '/v1/chat/completions') {
    sendError(response, 404, 'unknown_path', `The rehearsal answers POST /v1/chat/completions, not ${request.method} ${path}.`);
    return;
  }
  const chat = parseChatRequest(body);
  if (typeof chat === 'string') {
    sendError(response, 400, 'invalid_request', `The rehearsal cannot read this request: ${chat}.`);
    return;
  }
  const known = answerTo(rules, chat.messages);
  if (known === null && options.strict) {
    sendError(response, 422, 'rehearsal_no_rule', noRule(rules, options.rulesDir, chat));
    return;
  }
  const answer = known ?? UNKNOWN;
  const id = `rehearsal-${hash('sha256', body).slice(0, 24)}`;
  if (chat.stream) sendStream(response, id, chat, answer);
  else sendWhole(response, id, chat, answer);
}

function noRule(rules: readonly Rule[], rulesDir: string, { messages }: ChatRequest): string {
  const last = messages.findLast(({ role }) => role === 'user')?.text ?? '';
  const names = rules.map(({ name }) => name).join(', ');
  return `No rehearsal rule matches this prompt, whose last user message begins ${JSON.stringify(last.slice(0, 120))}. Rules in ${rulesDir}: ${names}.`;
}

/** Nothing in an answer tells the time, so that a rehearsal repeats exactly. */
function head(id: string, object: string): object {
  return { id, object, created: 0, model: MODEL, system_fingerprint: MODEL };
}

function sendWhole(response: ServerResponse, id: string, chat: ChatRequest, answer: string): void {
  response.setHeader('x-request-id', id);
  sendJson(response, 200, {
    ...head(id, 'chat.completion'),
    choices: [{ index: 0, message: { role: 'assistant', content: answer }, logprobs: null, finish_reason: 'stop' }],
    usage: estimateUsage(chat.messages, answer),
  });
}

function sendStream(response: ServerResponse, id: string, chat: ChatRequest, answer: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-request-id': id });
  const usage = chat.includeUsage ? { usage: null as object | null } : {};
  const send = (delta: object, finish_reason: string | null): void => {
    const chunk = {
      ...head(id, 'chat.completion.chunk'),
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...usage,
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  send({ role: 'assistant', content: '' }, null);
  const characters = Array.from(answer);
  for (let at = 0; at < characters.length; at += PIECE) send({ content: characters.slice(at, at + PIECE).join('') }, null);
  send({}, 'stop');
  if (chat.includeUsage) {
    const last = { ...head(id, 'chat.completion.chunk'), choices: [], usage: estimateUsage(chat.messages, answer) };
    response.write(`data: ${JSON.stringify(last)}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code } });
}
