/** A run directory of 10,000 files and about 400 MB, the same on every machine: logs, small sources, binaries, noise, JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MB = 1024 * 1024;
/** The log that is read back. */
export const LOG_READ = 'logs/step_004/metrics.log';

/** A repeatable stream of numbers in [0, 2^32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

const WORDS =
  'student course teacher enrol assign create update delete list read server route table column index query token prompt answer model step agent review code test design write file import export class function return const async await error retry timeout health check'.split(
    ' ',
  );

export interface Tree {
  readonly files: number;
  readonly bytes: number;
}

export function makeTree(runDir: string): Tree {
  const next = generator(20261122);
  const total = { files: 0, bytes: 0 };
  const put = (path: string, data: string | Buffer): void => {
    const file = join(runDir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data);
    total.files += 1;
    total.bytes += Buffer.byteLength(data);
  };
  const words = (count: number): string => {
    const picked: string[] = [];
    for (let at = 0; at < count; at++) picked.push(WORDS[next() % WORDS.length] ?? '');
    return picked.join(' ');
  };
  const log = (bytes: number): string => {
    const lines: string[] = [];
    for (let have = 0, seq = 1; have < bytes; seq++) {
      const line = `{"level":"info","timestamp":"2026-11-22T14:15:03.${String(next() % 1000).padStart(3, '0')}Z","module":"adapters.chatdev","component":"adapter","run_id":"20261122-141503-k3f9","framework":"chatdev","step":4,"event":"log","message":"${words(8 + (next() % 20))}","metadata":{"call_id":"${next().toString(36)}","tokens":${next() % 4000}},"seq":${seq},"writer":"a1b2c3"}\n`;
      lines.push(line);
      have += line.length;
    }
    return lines.join('');
  };
  const noise = (bytes: number, values: number): Buffer => {
    const data = Buffer.allocUnsafe(bytes);
    for (let at = 0; at < bytes; at++) data[at] = next() % values;
    return data;
  };

  for (let step = 1; step <= 6; step++) {
    for (const component of ['orchestrator', 'adapter', 'metrics', 'validator']) {
      const path = `logs/step_00${step}/${component}.log`;
      put(path, log(path === LOG_READ ? 4 * MB : component === 'adapter' ? 16 * MB : 3 * MB));
    }
  }
  for (let file = 0; file < 9_800; file++) {
    put(`workspace/src/package_${file % 140}/module_${file}.py`, `# ${file}\n${words(400 + (next() % 1200))}\n`);
  }
  for (let file = 0; file < 35; file++) put(`workspace/build/library_${file}.so`, noise(2 * MB, 48));
  for (let file = 0; file < 80; file++) put(`workspace/assets/image_${file}.jpg`, noise(MB, 256));
  for (let file = 0; file < 60; file++) put(`workspace/data/rows_${file}.json`, log(0.75 * MB));
  put('metrics.json', '{}\n');
  return total;
}
