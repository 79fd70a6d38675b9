// A service for the tests, well-behaved or not. MODE says how; PORT where.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';

const mode = process.env['MODE'] ?? 'healthy';
const port = Number(process.env['PORT']);
const students = new Map();
let asked = 0;

if (mode === 'exits') {
  for (let line = 1; line <= 30; line++) console.log(`line ${line}`);
  console.error('database is missing');
  process.exit(3);
}
if (mode === 'stubborn') {
  process.on('SIGTERM', () => console.log('not now'));
  const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], {
    detached: true,
    stdio: 'ignore',
  });
  console.log(`child ${child.pid}`);
}
if (mode === 'deaf') setInterval(() => {}, 1000);
else if (mode === 'garbage')
  createTcpServer((socket) => socket.on('error', () => {}).end('this is no HTTP\r\n\r\n')).listen(port, '127.0.0.1');
else if (mode === 'slow') setTimeout(serve, 400);
else serve();

function serve() {
  createServer(async (request, response) => {
    const url = new URL(request.url, 'http://x');
    const health = url.pathname === '/health';
    const send = (status, json) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(json === undefined ? undefined : JSON.stringify(json));
    };
    if (health && mode === 'unhealthy') return send(503, { error: 'not yet' });
    if (health && mode === 'flaky-slow') {
      // Ready, then away for a few polls, then back.
      asked++;
      return asked > 1 && asked <= 4 ? send(503, { error: 'away' }) : send(200, {});
    }
    if (health) return send(200, { ok: true });
    let body = '';
    for await (const chunk of request) body += chunk;
    if (mode === 'dies') process.exit(7);
    if (mode === 'error500') return send(500, { error: 'out of order' });
    if (mode === 'reset') return request.socket.resetAndDestroy();
    if (mode === 'silent') return undefined;
    if (mode === 'redirect') return response.writeHead(302, { location: request.url }).end();
    if (mode === 'not-json') return response.writeHead(201, { 'content-type': 'application/json' }).end('<html>no</html>');
    if (mode === 'html')
      return response.writeHead(201, { 'content-type': 'text/html' }).end(JSON.stringify({ id: 5, ...JSON.parse(body) }));
    if (mode === 'cut') {
      response.writeHead(201, { 'content-length': '1000' });
      response.write('{"id":');
      return setTimeout(() => request.socket.destroy(), 20);
    }
    if (mode === 'endless') {
      response.writeHead(201);
      return void setInterval(() => response.write('x'), 10);
    }
    if (mode === 'huge') {
      response.writeHead(201);
      const block = Buffer.alloc(1024 * 1024, 'x');
      const more = () => {
        while (response.write(block));
        response.once('drain', more);
      };
      return more();
    }
    if (mode === 'headers') return response.writeHead(201, { 'x-long': 'x'.repeat(100_000) }).end('{}');
    if (mode === 'flaky-slow') await new Promise((resolve) => setTimeout(resolve, 50));
    if (mode === 'waits' && url.pathname === '/students/silent') return undefined;

    const id = Number(url.pathname.split('/')[2]);
    if (request.method === 'POST') {
      const student = { id: students.size + 1, ...JSON.parse(body) };
      students.set(student.id, student);
      if (mode === 'wrong') student.name = 'somebody else';
      return send(201, student);
    }
    if (url.pathname === '/echo') return send(200, { query: Object.fromEntries(url.searchParams), headers: request.headers });
    if (url.pathname === '/students') return send(200, [...students.values()]);
    const student = students.get(id);
    if (student === undefined) return send(404, { error: 'none such' });
    if (request.method === 'PATCH') Object.assign(student, JSON.parse(body));
    if (request.method !== 'DELETE') return send(200, student);
    students.delete(id);
    return send(204);
  }).listen(port, '127.0.0.1', () => console.log(`listening on ${port}`));
}
