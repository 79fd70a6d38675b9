/**
 * A framework that lives across steps: a server on loopback whose port it prints. `/work?step=N` makes it ask its model by the URL
 * that it was started with, and write a file into the workspace when the model has answered.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const { OPENAI_BASE_URL, OPENAI_API_KEY, STEPWELL_MODEL } = process.env;

async function ask(content: string): Promise<number> {
  const response = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OPENAI_API_KEY}` },
    body: JSON.stringify({ model: STEPWELL_MODEL, messages: [{ role: 'user', content }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

const server = createServer(async (request, response) => {
  const step = new URL(request.url ?? '', 'http://localhost').searchParams.get('step');
  const status = await ask(`work of step ${step}`);
  writeFileSync(`step-${step}.txt`, 'built\n');
  response.end(String(status));
});
server.listen(0, '127.0.0.1', async () => {
  await ask('warm up');
  console.log((server.address() as AddressInfo).port);
});
