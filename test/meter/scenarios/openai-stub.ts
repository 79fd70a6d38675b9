/**
 * The OpenAI API in form: chat completions, Responses, embeddings, models. Answers follow from the request alone. The model
 * names what goes wrong: `busy-2` is too busy twice, `broken-1` fails once, `silent` never answers, `cut` breaks off, `endless`
 * never ends.
 */
import { FirstRequestsFail, sendEvents, sendJson, UsageTotals, type Ending } from '../sent-usage.ts';
import type { StubHandler } from '../upstream-stub.ts';

type Body = Record<string, unknown> & {
  model?: string;
  stream?: boolean;
  messages?: unknown[];
  tools?: unknown[];
  input?: unknown;
};

const CREATED = 1_790_000_000;
const TEXTS = ['Grüße', ' aus', ' Köln 🎓🎓', ',"usage":null', '.'];
const ARGUMENTS = ['{"ci', 'ty":"Li', 'ège"}'];
const REASONING = 6;

export function openAiStub(key: string): { answer: StubHandler; sent: UsageTotals } {
  const sent = new UsageTotals();
  const failing = new FirstRequestsFail();
  let requests = 0;

  const answer: StubHandler = (response, { method, url, headers, body: bytes }) => {
    requests += 1;
    response.setHeader('x-request-id', `req_${requests}`);
    response.setHeader('openai-processing-ms', '12');
    if (headers.authorization !== `Bearer ${key}`) {
      return fail(401, 'invalid_request_error', 'Incorrect API key provided.', 'invalid_api_key');
    }
    const path = url.replace(/\?.*/, '');
    if (method === 'GET' && path === '/v1/models') {
      return sendJson(response, 200, {
        object: 'list',
        data: [{ id: 'm', object: 'model', created: CREATED, owned_by: 'system' }],
      });
    }
    const body = JSON.parse(bytes.toString()) as Body;
    const model = body.model ?? '';
    const [, trouble, times] = /^(busy|broken)-(\d)$/.exec(model) ?? [];
    if (trouble !== undefined && failing.fails(bytes, Number(times))) {
      response.setHeader('retry-after-ms', '1');
      if (trouble === 'busy') return fail(429, 'requests', 'Rate limit reached.', 'rate_limit_exceeded');
      return fail(500, 'server_error', 'The server had an error while processing your request.', null);
    }
    if (model === 'missing') return fail(404, 'invalid_request_error', 'The model `missing` does not exist.', 'model_not_found');
    if (Array.isArray(body.messages) && body.messages.length === 0) {
      return fail(400, 'invalid_request_error', "Invalid 'messages': empty array.", 'empty_array', 'messages');
    }
    if (model === 'silent') return;
    const ending: Ending = model === 'cut' ? 'breaks_off' : model === 'endless' ? 'stays_open' : 'ends';
    if (path === '/v1/chat/completions') return chat(body, ending);
    if (path === '/v1/responses') return respond(body, ending);
    if (path === '/v1/responses/input_tokens')
      return sendJson(response, 200, { object: 'response.input_tokens', input_tokens: 11 });
    if (path === '/v1/embeddings') return embed(body);
    return fail(404, 'invalid_request_error', `Invalid URL (${method} ${url})`, null);

    function fail(status: number, type: string, message: string, code: string | null, param: string | null = null): void {
      sendJson(response, status, { error: { message, type, param, code } });
    }

    function chat(body: Body, ending: Ending): void {
      const calls = wantsTool(body);
      const output = (calls ? ARGUMENTS.length : TEXTS.length) + REASONING;
      const input = JSON.stringify(body.messages).length;
      const counted = {
        inputTokens: input,
        outputTokens: output,
        cacheReadTokens: Math.floor(input / 2),
        reasoningTokens: REASONING,
      };
      const usage = {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
        prompt_tokens_details: { cached_tokens: counted.cacheReadTokens, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: REASONING, audio_tokens: 0 },
      };
      const head = {
        id: 'chatcmpl-1',
        created: CREATED,
        model: `${model}-2026`,
        service_tier: 'default',
        system_fingerprint: 'fp_1',
      };
      const tool = (args: string) => ({ name: 'look_up', arguments: args });
      if (body.stream !== true) {
        sent.add(counted);
        const message = calls
          ? {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'call_1', type: 'function', function: tool(ARGUMENTS.join('')) }],
            }
          : { role: 'assistant', content: TEXTS.join(''), refusal: null, annotations: [] };
        const choices = [{ index: 0, message, logprobs: null, finish_reason: calls ? 'tool_calls' : 'stop' }];
        return sendJson(response, 200, { ...head, object: 'chat.completion', choices, usage });
      }
      const asked = (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true;
      const chunk = (choices: object[], more: object = {}): string => {
        const made = { ...head, object: 'chat.completion.chunk', choices, ...(asked ? { usage: null } : {}), ...more };
        return `data: ${JSON.stringify({ ...made, obfuscation: 'aB3xYz9' })}\n\n`;
      };
      const piece = (delta: object, finish_reason: string | null = null) =>
        chunk([{ index: 0, delta, logprobs: null, finish_reason }]);
      const first = { role: 'assistant', content: calls ? null : '', refusal: null };
      const pieces = calls
        ? [
            piece({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: tool('') }] }),
            ...ARGUMENTS.map((args) => piece({ tool_calls: [{ index: 0, function: { arguments: args } }] })),
          ]
        : TEXTS.map((content) => piece({ content }));
      const last = [piece({}, calls ? 'tool_calls' : 'stop'), ...(asked ? [chunk([], { usage })] : []), 'data: [DONE]\n\n'];
      if (ending === 'ends') sent.add(counted);
      return sendEvents(response, [piece(first), ...pieces, ...(ending === 'ends' ? last : [])], ending);
    }

    function respond(body: Body, ending: Ending): void {
      const calls = wantsTool(body);
      const output = (calls ? ARGUMENTS.length : TEXTS.length) + REASONING;
      const input = JSON.stringify(body.input).length;
      const counted = {
        inputTokens: input,
        outputTokens: output,
        cacheReadTokens: Math.floor(input / 2),
        cacheWriteTokens: 3,
        reasoningTokens: REASONING,
      };
      const usage = {
        input_tokens: input,
        input_tokens_details: { cached_tokens: counted.cacheReadTokens, cache_write_tokens: 3 },
        output_tokens: output,
        output_tokens_details: { reasoning_tokens: REASONING },
        total_tokens: input + output,
      };
      const item = calls
        ? {
            id: 'fc_1',
            type: 'function_call',
            status: 'completed',
            call_id: 'call_1',
            name: 'look_up',
            arguments: ARGUMENTS.join(''),
          }
        : { id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content: [part(TEXTS.join(''))] };
      const base = {
        id: 'resp_1',
        object: 'response',
        created_at: CREATED,
        model: `${model}-2026`,
        error: null,
        incomplete_details: null,
      };
      const open = { ...base, status: 'in_progress', output: [], usage: null, tools: [], parallel_tool_calls: true };
      const done = { ...open, status: 'completed', output: [item], usage };
      if (body['background'] === true) return sendJson(response, 200, { ...open, status: 'queued' });
      if (body.stream !== true) {
        sent.add(counted);
        return sendJson(response, 200, done);
      }
      const at = { output_index: 0, item_id: item.id };
      const events = [
        { type: 'response.created', response: open },
        { type: 'response.in_progress', response: open },
        ...(calls
          ? [
              { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', arguments: '' } },
              ...ARGUMENTS.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
              { type: 'response.function_call_arguments.done', ...at, arguments: ARGUMENTS.join('') },
            ]
          : [
              { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
              { type: 'response.content_part.added', ...at, content_index: 0, part: part('') },
              ...TEXTS.map((delta) => ({ type: 'response.output_text.delta', ...at, content_index: 0, delta, logprobs: [] })),
              { type: 'response.output_text.done', ...at, content_index: 0, text: TEXTS.join(''), logprobs: [] },
              { type: 'response.content_part.done', ...at, content_index: 0, part: part(TEXTS.join('')) },
            ]),
        { type: 'response.output_item.done', output_index: 0, item },
        { type: 'response.completed', response: done },
      ].map((event, sequence_number) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`);
      if (ending === 'ends') sent.add(counted);
      return sendEvents(response, ending === 'ends' ? events : events.slice(0, 8), ending);
    }

    function embed(body: Body): void {
      const inputs = [body.input].flat();
      const numbers = new Float32Array([0.25, -1, 0.5]);
      const embedding = body['encoding_format'] === 'base64' ? Buffer.from(numbers.buffer).toString('base64') : [...numbers];
      const data = inputs.map((_, index) => ({ object: 'embedding', index, embedding }));
      const tokens = JSON.stringify(inputs).length;
      sent.add({ inputTokens: tokens, outputTokens: 0 });
      sendJson(response, 200, { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
    }
  };
  return { answer, sent };
}

function part(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** A tool is called once: with its result there, the model writes text. */
function wantsTool(body: Body): boolean {
  const text = JSON.stringify(body.messages ?? body.input);
  return (body.tools ?? []).length > 0 && !text.includes('"tool"') && !text.includes('function_call_output');
}
