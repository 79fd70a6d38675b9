/** A run directory with a cassette, and exchanges as the meter hands them to the recorder. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRecorder, readCassette, type Cassette, type RecorderOptions } from '../../src/cassette/index.ts';
import { withRun } from '../../src/log/index.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import type { Exchange } from '../../src/meter/index.ts';
import type { LogRecord } from '../../src/schema/index.ts';
import { openRunDirectory, readRecords } from '../../src/store/index.ts';

export interface RunPlace {
  readonly runDir: string;
  readonly runId: string;
  readonly cassetteText: () => string;
  readonly readBack: () => Promise<Cassette>;
  /** Runs `fn` in the run's log scope. */
  readonly inRun: <T>(fn: () => Promise<T>) => Promise<T>;
  readonly records: () => Promise<LogRecord[]>;
}

/** A run directory in a folder below the system's temporary one; removed when the test is over. */
export function runPlace(
  t: { after(fn: () => void): void },
  runId: string = '20261122-141503-k3f9',
  folder: string = 'place',
): RunPlace {
  const top = mkdtempSync(join(tmpdir(), 'stepwell-cassette-'));
  t.after(() => rmSync(top, { recursive: true, force: true }));
  const runDir = join(top, folder, 'runs/baseline', runId);
  mkdirSync(runDir, { recursive: true });
  return {
    runDir,
    runId,
    cassetteText: () => readFileSync(join(runDir, 'cassette.jsonl'), 'utf8'),
    async readBack() {
      await using source = await openRunDirectory(runDir);
      return await readCassette(source, runId);
    },
    inRun: async (fn) => await withRun({ runId, framework: 'baseline', logsDir: join(runDir, 'logs') }, fn),
    async records() {
      await using source = await openRunDirectory(runDir);
      const records: LogRecord[] = [];
      for await (const item of readRecords(source)) if ('record' in item) records.push(item.record);
      return records;
    },
  };
}

/** Records the exchanges in the run's scope, and returns what is then on the cassette. */
export async function recorded(
  place: RunPlace,
  exchanges: readonly Exchange[],
  options: Partial<RecorderOptions> = {},
): Promise<Cassette> {
  await place.inRun(async () => {
    await using recorder = createRecorder({ redactor: createRedactor({ values: [] }), ...place, ...options });
    for (const exchange of exchanges) recorder.record(exchange);
  });
  return await place.readBack();
}

export const CHAT = '/v1/chat/completions';

export function chatBody(content: string, more: object = {}): string {
  return JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more });
}

export function completion(content: string): string {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  return JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    model: 'm',
    choices,
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
}

/** The events of a streamed completion that says the pieces. */
export function streamed(pieces: readonly string[]): string {
  const chunk = (delta: object, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  return `${pieces.map((content) => chunk({ content }, null)).join('')}${chunk({}, 'stop')}data: [DONE]\n\n`;
}

export function exchange(request: string | Buffer, body: string | Buffer, more: Partial<Exchange> = {}): Exchange {
  return {
    wire: 'openai.chat',
    method: 'POST',
    path: CHAT,
    step: 1,
    attempt: 1,
    request: Buffer.from(request),
    status: 200,
    headers: { 'content-type': more.streamed === true ? 'text/event-stream' : 'application/json', 'x-request-id': 'req_1' },
    body: Buffer.from(body),
    complete: true,
    oversized: false,
    streamed: false,
    durationMs: 12,
    ...more,
  };
}
