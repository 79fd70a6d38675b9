/** The client's side: requests as fast as answers come, and streams read to their end. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { EVENTS, requestBody } from './workload.ts';

export interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Milliseconds each of `count` requests took, `atOnce` of them under way at a time. */
export async function askMany(address: Address, count: number, atOnce: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const body = requestBody(false);
  const took: number[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const began = performance.now();
      await ask(address, agent, body, () => {});
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
  return took;
}

/** Milliseconds each event was on its way, over `atOnce` streams at a time, and how long all of them took. */
export async function streamMany(address: Address, atOnce: number): Promise<{ delays: number[]; seconds: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const body = requestBody(true);
  const delays: number[] = [];
  const began = performance.now();
  const one = async (): Promise<void> => {
    let rest = '';
    let seen = 0;
    await ask(address, agent, body, (chunk) => {
      const now = performance.timeOrigin + performance.now();
      rest += chunk.toString('utf8');
      for (const match of rest.matchAll(/"content": ?"(\d+\.\d+)"/g)) {
        delays.push(now - Number(match[1]));
        seen += 1;
      }
      rest = rest.slice(Math.max(0, rest.lastIndexOf('\n')));
    });
    if (seen !== EVENTS) throw new Error(`${address.url}: ${seen} of ${EVENTS} events arrived`);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  agent.destroy();
  return { delays, seconds: (performance.now() - began) / 1000 };
}

function ask({ url, headers }: Address, agent: Agent, body: string, onData: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        if (answer.statusCode === 200) answer.on('data', onData).on('end', resolve).on('error', reject);
        else void text(answer).then((said) => reject(new Error(`${url} answered ${answer.statusCode}: ${said}`)), reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
