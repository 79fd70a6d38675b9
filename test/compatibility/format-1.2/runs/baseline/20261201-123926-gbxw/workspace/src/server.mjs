// The HTTP side: finds the resource of a request, reads and writes JSON, and turns problems into answers.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { Problem } from './problem.mjs';

const folder = new URL('./resources/', import.meta.url);
const resources = new Map();
for (const file of readdirSync(folder).sort()) {
  const { resource } = await import(new URL(file, folder));
  resources.set(resource.name, resource);
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Problem(400, 'the body is not valid JSON');
  }
}

async function answer(request) {
  const path = request.url.split('?')[0];
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const [name, id, ...rest] = path.split('/').filter((part) => part !== '');
  if (method === 'GET' && name === 'health' && id === undefined) return [200, { status: 'ok' }];
  const resource = resources.get(name);
  if (resource === undefined || rest.length > 0) throw new Problem(404, `there is nothing at ${path}`);
  if (id === undefined) {
    if (method === 'GET') return [200, resource.list()];
    if (method === 'POST') return [201, resource.create(await readJson(request))];
  } else {
    if (method === 'GET') return [200, resource.read(id)];
    if (method === 'PUT') return [200, resource.replace(id, await readJson(request))];
    if (method === 'PATCH') return [200, resource.change(id, await readJson(request))];
    if (method === 'DELETE') return [204, resource.remove(id)];
  }
  throw new Problem(405, `${method} is not possible at ${path}`);
}

function send(response, status, body) {
  response.writeHead(status, status === 204 ? {} : { 'content-type': 'application/json' });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

const server = createServer((request, response) => {
  answer(request).then(
    ([status, body]) => send(response, status, body),
    (error) => {
      if (!(error instanceof Problem)) console.error(error);
      send(response, error.status ?? 500, { error: error instanceof Problem ? error.message : 'the service failed' });
    },
  );
});

const port = Number(process.env.PORT);
if (!Number.isInteger(port) || port < 1) {
  console.error('Set PORT to the port to listen on.');
  process.exit(1);
}
server.listen(port, '127.0.0.1', () => console.log(`Listening on http://127.0.0.1:${port}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
