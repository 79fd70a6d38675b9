/**
 * The Anthropic API in form: messages, count_tokens, models. Answers follow from the request alone. The model names what goes
 * wrong: `busy-2` is overloaded twice, `broken-1` fails once, `silent` never answers, `cut` breaks off, `endless` never ends,
 * `error` fails within its stream.
 */
import { FirstRequestsFail, sendEvents, sendJson, UsageTotals } from '../sent-usage.ts';
import type { StubHandler } from '../upstream-stub.ts';

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly unknown[];
  readonly tools?: readonly unknown[];
}

const THOUGHTS = ['They want ', 'a greeting.'];
const TEXTS = ['Grüße', ' aus', ' Köln 🎓🎓', ' message_stop', '.'];
const ARGUMENTS = ['', '{"ci', 'ty":"Li', 'ège"}'];

export function anthropicStub(key: string): { answer: StubHandler; sent: UsageTotals } {
  const sent = new UsageTotals();
  const failing = new FirstRequestsFail();
  let requests = 0;

  const answer: StubHandler = (response, { method, url, headers, body: bytes }) => {
    requests += 1;
    const requestId = `req_${requests}`;
    response.setHeader('request-id', requestId);
    const path = url.replace(/\?.*/, '');
    if (headers['x-api-key'] !== key && headers.authorization !== `Bearer ${key}`) {
      return fail(401, 'authentication_error', 'invalid x-api-key');
    }
    if (headers['anthropic-version'] === undefined)
      return fail(400, 'invalid_request_error', 'anthropic-version: header is required');
    if (method === 'GET' && path === '/v1/models') {
      const model = { type: 'model', id: 'm', display_name: 'M', created_at: '2026-01-01T00:00:00Z' };
      return sendJson(response, 200, { data: [model], has_more: false, first_id: 'm', last_id: 'm' });
    }
    if (path === '/v1/messages/batches')
      return sendJson(response, 200, { id: 'msgbatch_1', type: 'message_batch', processing_status: 'in_progress' });
    const body = JSON.parse(bytes.toString()) as Body;
    const [, trouble, times] = /^(busy|broken)-(\d)$/.exec(body.model) ?? [];
    if (trouble !== undefined && failing.fails(bytes, Number(times))) {
      response.setHeader('retry-after-ms', '1');
      return trouble === 'busy' ? fail(529, 'overloaded_error', 'Overloaded') : fail(500, 'api_error', 'Internal server error');
    }
    if (body.model === 'missing') return fail(404, 'not_found_error', 'model: missing');
    if (body.messages.length === 0) return fail(400, 'invalid_request_error', 'messages: at least one message is required');
    if (body.model === 'silent') return;
    const input = JSON.stringify(body.messages).length;
    if (path === '/v1/messages/count_tokens') return sendJson(response, 200, { input_tokens: input });
    if (path === '/v1/messages') return message(body, input);
    return fail(404, 'not_found_error', 'Not found');

    function fail(status: number, type: string, message: string): void {
      sendJson(response, status, { type: 'error', error: { type, message }, request_id: requestId });
    }

    function message(body: Body, input: number): void {
      const calls = (body.tools ?? []).length > 0 && !JSON.stringify(body.messages).includes('tool_result');
      const output = THOUGHTS.length + (calls ? ARGUMENTS.length : TEXTS.length);
      const counted = {
        inputTokens: input + 30 + 20,
        outputTokens: output,
        cacheReadTokens: 20,
        cacheWriteTokens: 30,
        reasoningTokens: THOUGHTS.length,
      };
      const usage = {
        input_tokens: input,
        cache_creation_input_tokens: 30,
        cache_read_input_tokens: 20,
        cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
        output_tokens: 1,
        service_tier: 'standard',
      };
      const final = { output_tokens: output, output_tokens_details: { thinking_tokens: THOUGHTS.length } };
      const written = calls
        ? { type: 'tool_use', id: 'toolu_1', name: 'look_up', input: JSON.parse(ARGUMENTS.join('')) as object }
        : { type: 'text', text: TEXTS.join('') };
      const stopping = { stop_reason: calls ? 'tool_use' : 'end_turn', stop_sequence: null };
      const base = { id: 'msg_1', type: 'message', role: 'assistant', model: `${body.model}-2026` };
      if (body.stream !== true) {
        sent.add(counted);
        const content = [{ type: 'thinking', thinking: THOUGHTS.join(''), signature: 'c2ln' }, written];
        return sendJson(response, 200, { ...base, content, ...stopping, usage: { ...usage, ...final } });
      }
      const block = (index: number, content_block: object, deltas: readonly object[]): object[] => [
        { type: 'content_block_start', index, content_block },
        ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ];
      const events = [
        { type: 'message_start', message: { ...base, content: [], stop_reason: null, stop_sequence: null, usage } },
        { type: 'ping' },
        ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
          ...THOUGHTS.map((thinking) => ({ type: 'thinking_delta', thinking })),
          { type: 'signature_delta', signature: 'c2ln' },
        ]),
        ...block(
          1,
          calls ? { ...written, input: {} } : { type: 'text', text: '' },
          calls
            ? ARGUMENTS.map((partial_json) => ({ type: 'input_json_delta', partial_json }))
            : TEXTS.map((text) => ({ type: 'text_delta', text })),
        ),
        // Some of the input counts come a second time, and are not more of the same.
        { type: 'message_delta', delta: stopping, usage: { input_tokens: input, cache_read_input_tokens: 20, ...final } },
        { type: 'message_stop' },
      ].map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`);
      const begun = events.slice(0, 10);
      if (body.model === 'cut') return sendEvents(response, begun, 'breaks_off');
      if (body.model === 'endless') return sendEvents(response, begun, 'stays_open');
      if (body.model === 'error') {
        const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: requestId };
        return sendEvents(response, [...begun, `event: error\ndata: ${JSON.stringify(error)}\n\n`], 'ends');
      }
      sent.add(counted);
      return sendEvents(response, events, 'ends');
    }
  };
  return { answer, sent };
}
