/** One chat completion, not streamed. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { failureReason } from '../../store/index.ts';
import { parseJson } from '../../schema/index.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface CompletionRequest {
  readonly endpoint: { readonly baseUrl: string; readonly apiKey: string };
  readonly model: string;
  readonly seed: number | null;
  readonly messages: readonly ChatMessage[];
  readonly signal: AbortSignal;
}

const Completion = z.object({
  model: z.string().nullish(),
  choices: z
    .array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .min(1),
  usage: z
    .object({ prompt_tokens: z.number().int().nonnegative(), completion_tokens: z.number().int().nonnegative() })
    .nullish()
    .catch(null),
});

export type Completion =
  | {
      readonly ok: true;
      readonly text: string;
      /** `length` says that the answer was cut at the token limit. */
      readonly finishReason: string | null;
      readonly model: string | null;
      readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
    }
  | { readonly ok: false; readonly message: string };

/** Resolves with a sentence when the endpoint fails; rejects with the signal's reason when it aborts. */
export async function complete(request: CompletionRequest): Promise<Completion> {
  const { model, messages, seed } = request;
  let response: { status: number; body: string };
  try {
    response = await post(request, JSON.stringify({ model, messages, ...(seed === null ? {} : { seed }) }));
  } catch (error) {
    request.signal.throwIfAborted();
    return { ok: false, message: `the model's endpoint could not be reached: ${failureReason(error)}` };
  }
  if (response.status !== 200) {
    return { ok: false, message: `the model's endpoint answered HTTP ${response.status}: ${errorText(response.body)}` };
  }
  const parsed = Completion.safeParse(parseJson(response.body));
  const choice = parsed.data?.choices[0];
  if (choice === undefined) {
    return {
      ok: false,
      message: `the model's endpoint answered something that is no chat completion: ${excerpt(response.body)}`,
    };
  }
  return {
    ok: true,
    text: choice.message.content ?? '',
    finishReason: choice.finish_reason ?? null,
    model: parsed.data?.model ?? null,
    usage: parsed.data?.usage ?? null,
  };
}

// Not fetch: it gives up after five minutes without an answer, which large models take; here the step's limit decides.
function post({ endpoint, signal }: CompletionRequest, body: string): Promise<{ status: number; body: string }> {
  const url = new URL(`${endpoint.baseUrl}/chat/completions`);
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = {
    authorization: `Bearer ${endpoint.apiKey}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const outgoing = start(url, { method: 'POST', headers, signal, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      readText(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: text }), reject);
    });
    outgoing.end(body);
  });
}

function errorText(body: string): string {
  const parsed = z.object({ error: z.object({ message: z.string() }) }).safeParse(parseJson(body));
  return parsed.success ? parsed.data.error.message : excerpt(body);
}

function excerpt(body: string): string {
  return body === '' ? '(empty body)' : JSON.stringify(body.slice(0, 300));
}
