/** A framework that uses clients as they come: `node sdk-caller.ts openai|anthropic|gemini`. Each finds its endpoint in the environment. */
import { writeFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const { STEPWELL_MODEL: model = '', GOOGLE_GEMINI_BASE_URL, GEMINI_API_KEY = '' } = process.env;

const clients = {
  async openai() {
    const stream = await new OpenAI().chat.completions.create({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    const texts: string[] = [];
    for await (const { choices } of stream) texts.push(choices[0]?.delta.content ?? '');
    return texts.join('');
  },
  async anthropic() {
    const answer = await new Anthropic().messages.create({
      model,
      max_tokens: 10,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    return answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  },
  // As Google's own client does it.
  async gemini() {
    const response = await fetch(`${GOOGLE_GEMINI_BASE_URL}/v1beta/models/${model}:generateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': GEMINI_API_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
    });
    const { candidates } = (await response.json()) as { candidates: { content: { parts: { text: string }[] } }[] };
    return candidates[0]!.content.parts[0]!.text;
  },
};

writeFileSync('answer.txt', await clients[process.argv[2] as keyof typeof clients]());
