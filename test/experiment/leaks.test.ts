/** Whatever a provider and a framework do with keys: they are in no file of the run, in nothing printed, and not with the framework. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { newCliDirectory } from '../cli/child.ts';

const KEY = 'Zx9/pk+Q"wE\\e<r>&T=0123456789abcXYZ';
const TOOL_TOKEN = 'tool/T0ken+va"lue\\with<all>&5577';
const PASSWORD = 'first line of it/+77\nsecond "line" of it\\88';
const SHAPED = 'sk-proj-Qw3rTy0123456789AbCdEfGh';
/** Made by the framework itself: no variable and no file of ours holds them. */
const SLACK = 'xoxb-1234567890-abcdefghij';
const WEB_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl';

/** How programs write a text into another. */
function formsOf(secret: string): string[] {
  return [secret, ...secret.split('\n')].flatMap((text) => {
    const json = JSON.stringify(text).slice(1, -1);
    const slashed = json.replaceAll('/', '\\/');
    const twice = [json, slashed].map((each) => JSON.stringify(each).slice(1, -1));
    const base64 = [0, 1, 2].map((shift) => {
      const all = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64');
      return all.slice(shift === 0 ? 0 : shift + 1, -4);
    });
    return [text, json, slashed, ...twice, encodeURIComponent(text), ...base64];
  });
}

function keyIn({ headers, url = '' }: IncomingMessage): string {
  const named = headers['x-goog-api-key'] ?? headers['x-api-key'] ?? new URL(url, 'http://localhost').searchParams.get('key');
  return headers.authorization?.replace('Bearer ', '') ?? String(named);
}

/** Repeats the key in whatever way it is asked for. */
const provider = createServer((request, response) => {
  void (async () => {
    const key = keyIn(request);
    const way = /way:(\w+)/.exec(`${await readText(request)}${request.url}`)?.[1];
    const forms = {
      raw: key,
      base64: Buffer.from(key).toString('base64'),
      url: encodeURIComponent(key),
      json: JSON.stringify(key),
    };
    const echoed = JSON.stringify(forms);
    const chunk = (content: string): string => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
    const whole = JSON.stringify({ model: key, id: key, choices: [{ message: { content: echoed } }], usage: { note: key } });
    const send = (status: number, body: string | Buffer, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    };
    if (way === 'slashes') send(200, whole.replaceAll('/', '\\/'));
    else if (way === 'gzip') send(200, gzipSync(whole), { 'content-encoding': 'gzip' });
    else if (way === 'denied')
      send(401, JSON.stringify({ error: { message: `bad key ${key}`, code: key } }), { 'x-request-id': key });
    else if (way === 'moved') send(307, '', { location: `http://localhost/?key=${forms.url}`, 'set-cookie': `k=${key}` });
    else if (way === 'html') send(500, `fatal: ${key}`, { 'content-type': `text/plain; k="${key}"` });
    else if (way === 'bytes') send(200, Buffer.concat([Buffer.of(0xff), Buffer.from(key), Buffer.of(0xfe)]));
    else if (way === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 9999 });
      response.write(whole, () => response.destroy());
    } else if (way === 'stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const events = `${echoed.split('').map(chunk).join('')}: ${key}\n\ndata: ${key}\n\ndata: [DONE]\n\n`;
      for (const part of events.match(/[^]{1,97}/g) ?? []) response.write(part);
      response.end();
    } else send(200, whole);
  })();
});

const TOOL = `
import { appendFileSync, writeFileSync } from 'node:fs';
const { OPENAI_BASE_URL: base, OPENAI_API_KEY: key, TOOL_TOKEN: own } = process.env;
const found = [['xoxb', '1234567890', 'abcdefghij'].join('-'), ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NSJ9', 'c2lnbmF0dXJl'].join('.')];
process.stdout.write(found[0].slice(0, 9));
const ask = async (way, url, body) => {
  let told;
  try {
    const answer = await fetch(url, { redirect: 'manual', method: 'POST', body, headers: url.includes('key=') ? {} : { authorization: 'Bearer ' + key } });
    told = [way, JSON.stringify([...answer.headers]), Buffer.from(await answer.arrayBuffer()).toString('latin1')].join(' ');
  } catch (error) {
    told = error.stack + error.cause?.stack;
  }
  console.log(told);
  appendFileSync('received.txt', told);
};
for (const way of ['plain', 'slashes', 'gzip', 'denied', 'moved', 'html', 'cut', 'stream']) {
  const content = 'way:' + way + ' ' + own + ' ' + Buffer.from(own).toString('base64') + ' found ' + found.join(' ');
  await ask(way, base + '/chat/completions', JSON.stringify({ model: 'm', stream: way === 'stream', messages: [{ role: 'user', content }] }));
}
await ask('bytes', base + '/files', 'way:bytes');
await ask('query', base.replace(/\\/v1$/, '') + '/v1beta/models/m:generateContent?key=' + key + '&also=' + encodeURIComponent(own), '{}');
console.log(JSON.stringify(process.env), encodeURIComponent(own), JSON.stringify(JSON.stringify({ own })));
writeFileSync('environment.json', JSON.stringify(Object.values(process.env).filter((value) => !value.includes(own))));
process.stdout.write(found[0].slice(9) + '\\n');
console.error('found', ...found, { found });
writeFileSync('found.txt', found.join('\\n'));
throw new Error('died of ' + own);
`;

test('keys and secrets appear nowhere: not in files, archive, cassette, output or the framework’s environment', async (t) => {
  const place = newCliDirectory();
  t.after(() => place.remove());
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  t.after(() => provider.close());
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  writeFileSync(join(place.dir, 'tool.mjs'), TOOL);
  writeFileSync(join(place.dir, 'prompt.txt'), `Use ${SHAPED}.\n`);
  writeFileSync(
    join(place.dir, 'experiment.yaml'),
    `# ${SHAPED}
frameworks:
  tool:
    adapter: command
    command: [${process.execPath}, ${join(place.dir, 'tool.mjs')}]
    env: { TOOL_TOKEN: "\${TOOL_TOKEN}" }
steps: [{ id: 1, name: one, prompt_file: prompt.txt }]
model: m
endpoint: { base_url: "${baseUrl}", api_key: "\${SOME_VARIABLE}" }
retries: { max_retries: 0 }
`,
  );
  const env = { SOME_VARIABLE: KEY, TOOL_TOKEN, DB_PASSWORD: PASSWORD };
  const run = ['run', 'tool', '--config', 'experiment.yaml', '--console', 'debug'];
  const commands = [
    [...run, '--dry-run'],
    [...run, '--record'],
    [...run, '--replay', 'latest'],
    ['list', '--json'],
    ['show', 'latest'],
  ];
  let printed = '';
  for (const command of commands) {
    const { stdout, stderr } = await place.stepwell(command, env);
    printed += stdout + stderr;
  }
  assert.match(printed, /died of \[redacted\]/);

  const texts: [name: string, text: string][] = [['printed', printed]];
  for (const entry of readdirSync(join(place.dir, 'runs'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const name = join(entry.parentPath, entry.name);
    const bytes = readFileSync(name);
    // What a framework writes down of its own stays in its workspace; the archive goes without such files.
    const own = name.includes('/workspace/');
    texts.push([own ? 'workspace' : name, (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')]);
  }
  assert.ok(texts.some(([name]) => name.endsWith('cassette.jsonl')) && texts.some(([name]) => name.endsWith('run.tar.gz')));
  for (const [name, text] of texts) {
    for (const secret of name === 'workspace' ? [KEY, PASSWORD] : [KEY, TOOL_TOKEN, PASSWORD, SHAPED, SLACK, WEB_TOKEN]) {
      for (const form of formsOf(secret)) {
        const at = text.indexOf(form);
        assert.ok(at < 0, `${form} in ${name}: ${text.slice(Math.max(0, at - 80), at + form.length)}`);
      }
    }
  }
});
