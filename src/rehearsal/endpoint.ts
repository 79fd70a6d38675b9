/** The offline scripted model: an endpoint on loopback that answers from rule files, on the wires of its table. It is no model. */
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { ZodError } from 'zod';
import { closeServer, listenOnLoopback, sendJson } from '../loopback/index.ts';
import { errorBody, providerOf } from '../meter/index.ts';
import { MODEL, type ModelResponse, type ModelRequest, type RehearsalWire, type Reply } from './model-request.ts';
import { estimateUsage } from './estimate.ts';
import { replyTo, loadRules, type Rule } from './rules.ts';
import { anthropicMessages } from './wires/anthropic-messages.ts';
import { geminiGenerateContent } from './wires/gemini-generate-content.ts';
import { openaiChat } from './wires/openai-chat.ts';
import { openaiResponses } from './wires/openai-responses.ts';

export interface Rehearsal extends AsyncDisposable {
  /** Includes `/v1`. Any key is accepted. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

interface RehearsalOptions {
  /** Folder of `.yaml`, `.yml` and `.json` rule files. */
  readonly rulesDir: string;
  /** True: a prompt that no rule matches is an error. False: the response is a sentence that says so. */
  readonly strict: boolean;
}

const NO_RULE_TEXT = 'This is a rehearsal: no model was asked, and no rule knows this prompt.';
const MODELS = JSON.stringify({
  object: 'list',
  data: [{ id: MODEL, object: 'model', created: 0, owned_by: 'stepwell' }],
});
const WIRES: readonly RehearsalWire[] = [openaiChat, openaiResponses, anthropicMessages, geminiGenerateContent];

/**
 * Starts the scripted model on a free port of 127.0.0.1. The same request always gets the same response, byte for byte.
 *
 * @throws REHEARSAL_RULES_MISSING, REHEARSAL_RULES_INVALID
 * @example await using rehearsal = await startRehearsal({ rulesDir: 'config/rehearsal', strict: true });
 */
export async function startRehearsal({ rulesDir, strict }: RehearsalOptions): Promise<Rehearsal> {
  const rules = await loadRules(rulesDir);
  const server = createServer((request, response) => {
    // The only remaining failure is a client that disconnects, which needs no response.
    respond(rules, { rulesDir, strict }, request, response).catch(() => void response.destroy());
  });
  const port = await listenOnLoopback(server);
  const close = (): Promise<void> => closeServer(server);
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
  const refuse = (status: number, code: string, message: string): void => {
    sendJson(response, status, errorBody(providerOf(path), { status, code, message }));
  };
  if ((request.method === 'GET' || request.method === 'HEAD') && path === '/v1/models') {
    sendJson(response, 200, MODELS);
    return;
  }
  const wire = request.method === 'POST' ? WIRES.find((each) => each.matches(path)) : undefined;
  if (wire === undefined) {
    const known = WIRES.map((each) => each.path).join(', ');
    const what = `The rehearsal answers POST ${known}, not ${request.method} ${path}.`;
    refuse(404, 'unknown_path', what);
    return;
  }
  const parsed = parseRequest(wire, body, path);
  if (typeof parsed === 'string') {
    refuse(400, 'invalid_request', `The rehearsal cannot read this request: ${parsed}.`);
    return;
  }
  const matched = replyTo(rules, parsed);
  if (matched === null && options.strict) {
    refuse(422, 'rehearsal_no_rule', noRule(rules, options.rulesDir, parsed));
    return;
  }
  const reply: Reply = matched ?? { kind: 'text', text: NO_RULE_TEXT };
  const id = `rehearsal-${hash('sha256', body).slice(0, 24)}`;
  const modelResponse: ModelResponse = { id, reply, usage: estimateUsage(parsed.messages, reply) };
  response.setHeader('x-request-id', id);
  if (!parsed.stream) {
    sendJson(response, 200, JSON.stringify(wire.toResponse(modelResponse)));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of wire.toEvents(modelResponse, parsed)) response.write(event);
  response.end();
}

/** The parsed request, or a phrase that says what is wrong with it. */
function parseRequest(wire: RehearsalWire, body: string, path: string): ModelRequest | string {
  try {
    return wire.parseRequest(JSON.parse(body), path);
  } catch (error) {
    if (error instanceof SyntaxError) return 'the body is not JSON';
    if (!(error instanceof ZodError)) throw error;
    const [issue] = error.issues;
    return `${(issue?.path ?? []).map(String).join('.')}: ${issue?.message ?? 'invalid'}`;
  }
}

function noRule(rules: readonly Rule[], rulesDir: string, { messages }: ModelRequest): string {
  const last = messages.findLast(({ role }) => role === 'user')?.text ?? '';
  const names = rules.map(({ name }) => name).join(', ');
  return `No rehearsal rule matches this prompt, whose last user message begins ${JSON.stringify(last.slice(0, 120))}. Rules in ${rulesDir}: ${names}.`;
}
