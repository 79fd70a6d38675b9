/** Agents that carry out streamed tool calls, two at once, are repeated by several runs at a time in another place. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { test } from 'node:test';
import { newCliDirectory } from '../../cli/child.ts';

/** Asks, writes the file that it is told to, and asks again with everything that was said. */
const AGENT = `
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
const [step] = process.argv.slice(2);
const { OPENAI_BASE_URL, OPENAI_API_KEY, HOME, STEPWELL_RUN_ID, STEPWELL_MARK } = process.env;
const cwd = process.cwd();
async function ask(messages) {
  const answer = await fetch(OPENAI_BASE_URL + '/chat/completions', {
    method: 'POST',
    headers: { authorization: 'Bearer ' + OPENAI_API_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, messages, tools: [{ type: 'function', function: { name: 'write', description: 'below ' + cwd } }] }),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(answer.status + ' ' + body);
  const deltas = body.split('\\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)).choices[0]?.delta ?? {});
  return {
    content: deltas.map((delta) => delta.content ?? '').join(''),
    call: deltas.map((delta) => delta.tool_calls?.[0].function.arguments ?? '').join(''),
  };
}
async function work(name) {
  const messages = [
    { role: 'system', content: ['in ' + cwd, HOME, OPENAI_BASE_URL, STEPWELL_RUN_ID, STEPWELL_MARK].join(' | ') },
    { role: 'user', content: 'agent ' + name + ' step ' + step },
  ];
  for (let turn = 1; turn <= 3; turn++) {
    const { content, call } = await ask(messages);
    const { path, text } = JSON.parse(call);
    appendFileSync(path, text);
    const listing = readdirSync(cwd).filter((file) => file.startsWith(name)).map((file) => cwd + '/' + file);
    messages.push({ role: 'assistant', content, tool_calls: [{ id: 'c' + turn, type: 'function', function: { name: 'write', arguments: call } }] });
    messages.push({ role: 'tool', tool_call_id: 'c' + turn, content: JSON.stringify({ listing }) });
  }
}
await Promise.all(['x', 'y'].map(work));
`;

/** Another answer every time, in small pieces. */
async function startModel(): Promise<{ baseUrl: string; close(): void }> {
  const server = createServer((request, response) => {
    void (async () => {
      const { messages } = JSON.parse(await readText(request)) as { messages: { content: string }[] };
      const cwd = /^in (.*?) \| /.exec(messages[0]?.content ?? '')?.[1] ?? '';
      const name = /^agent (\w)/.exec(messages[1]?.content ?? '')?.[1] ?? '';
      const call = JSON.stringify({ path: `${cwd}/${name}${messages.length}.txt`, text: `é "${cwd}" ${Math.random()}\n` });
      const event = (delta: object): string => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;
      const pieces = [
        ...(`Into ${cwd} (${Math.random()}).`.match(/[^]{1,5}/g) ?? []).map((content) => event({ content })),
        ...(call.match(/[^]{1,7}/g) ?? []).map((part) => event({ tool_calls: [{ index: 0, function: { arguments: part } }] })),
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] })}\n\n`,
        'data: [DONE]\n\n',
      ];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of pieces) response.write(piece);
      response.end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('agents with tools are replayed exactly, by two concurrent runs in another directory, without the model', async (t) => {
  const place = newCliDirectory();
  t.after(() => place.remove());
  const model = await startModel();
  writeFileSync(join(place.dir, 'agent.mjs'), AGENT);
  writeFileSync(join(place.dir, 'prompt.txt'), 'Go on.\n');
  const steps = [1, 2].map((id) => ({ id, name: `step ${id}`, prompt_file: 'prompt.txt' }));
  const command = [process.execPath, join(place.dir, 'agent.mjs'), '{step}'];
  const config = {
    frameworks: { agent: { adapter: 'command', command } },
    steps,
    model: 'm',
    endpoint: { base_url: model.baseUrl },
    retries: { max_retries: 0 },
  };
  writeFileSync(join(place.dir, 'experiment.yaml'), JSON.stringify(config));
  const run = ['run', 'agent', '--config', 'experiment.yaml'];
  const recorded = await place.stepwell([...run, '--record', '--runs-dir', 'my "first" runs']);
  model.close();
  assert.equal(recorded.code, 0, recorded.stdout + recorded.stderr);
  const runsIn = (dir: string): string[] =>
    readdirSync(join(place.dir, dir, 'agent'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(place.dir, dir, 'agent', name));
  const [first = ''] = runsIn('my "first" runs');

  const again = await place.stepwell([...run, '2', '--jobs', '2', '--runs-dir', 'second', '--replay', first]);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  const said = (dir: string): Record<string, string> => {
    const workspace = join(dir, 'workspace');
    const files = readdirSync(workspace).sort();
    return Object.fromEntries(
      files.map((name) => [name, readFileSync(join(workspace, name), 'utf8').replaceAll(workspace, 'W')]),
    );
  };
  const expected = said(first);
  assert.equal(Object.keys(expected).length, 6);
  const repeated = runsIn('second');
  assert.equal(repeated.length, 2);
  for (const dir of repeated) {
    assert.deepEqual(said(dir), expected);
    const log = readFileSync(join(dir, 'logs/run.log'), 'utf8');
    assert.match(log, /"exchanges":12,"used":12,"mismatches":0/);
  }
});
