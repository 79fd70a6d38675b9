/** Interim log core: correct API, plain implementation. Replaced file by file by the real one. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, fsyncSync, mkdirSync, openSync, closeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { logFileOf } from '../store.ts';
import type { Level } from '../schema.ts';
import type { LogFields, Logger } from './logger.ts';

export interface RunOptions {
  runId: string;
  framework: string;
  logsDir: string;
  secrets?: Iterable<string>;
  buffered?: readonly string[];
  console?: Level | null;
}
interface Run extends RunOptions {
  seq: number;
  writer: string;
  files: Set<string>;
  redactor: Redactor;
  ended: boolean;
}
interface Scope {
  run: Run;
  step: number | null;
  attempt: number | null;
  ended: boolean;
}
interface Pending {
  pending: (() => void)[];
}
const storage = new AsyncLocalStorage<Scope | Pending>();

export interface Redactor {
  redact(text: string): string;
  readonly count: number;
  stream(): { push(chunk: string): string; end(): string };
  containsSecret(bytes: Uint8Array | string): boolean;
}
export function createRedactor(options: { values: Iterable<string> }): Redactor {
  const values = [...options.values].filter((v) => v.length >= 8);
  let count = 0;
  const redact = (text: string): string => {
    for (const v of values) {
      const parts = text.split(v);
      count += parts.length - 1;
      text = parts.join('[REDACTED]');
    }
    return text;
  };
  return {
    redact,
    get count() {
      return count;
    },
    stream: () => ({ push: redact, end: () => '' }),
    containsSecret: (b) => {
      const t = typeof b === 'string' ? b : Buffer.from(b).toString('latin1');
      return values.some((v) => t.includes(v));
    },
  };
}
export function collectSecrets(env: NodeJS.ProcessEnv, extraNames: Iterable<string> = []): string[] {
  const extra = new Set(extraNames);
  return Object.entries(env)
    .filter(([k, v]) => (/(KEY|TOKEN|SECRET|PASSWORD)$/i.test(k) || extra.has(k)) && (v ?? '').length >= 8)
    .map(([, v]) => v!);
}
const scopeNow = (): Scope | null => {
  const s = storage.getStore();
  return s && 'run' in s ? s : null;
};
export function runRedactor(): Redactor {
  return scopeNow()?.run.redactor ?? createRedactor({ values: [] });
}
export function currentScope() {
  const s = scopeNow();
  return s ? { runId: s.run.runId, framework: s.run.framework, step: s.step, attempt: s.attempt, logsDir: s.run.logsDir } : null;
}
export function captureScope(): <T>(fn: () => T) => T {
  const s = storage.getStore();
  return (fn) => (s ? storage.run(s, fn) : fn());
}
export function withPendingRun<T>(fn: () => T): T {
  return storage.run({ pending: [] }, fn);
}
export async function withRun<T>(options: RunOptions, fn: () => T | Promise<T>): Promise<T> {
  mkdirSync(options.logsDir, { recursive: true });
  const run: Run = {
    ...options,
    seq: 0,
    writer: randomBytes(3).toString('hex'),
    files: new Set(),
    redactor: createRedactor({ values: options.secrets ?? [] }),
    ended: false,
  };
  const held = storage.getStore();
  const scope: Scope = { run, step: null, attempt: null, ended: false };
  return storage.run(scope, async () => {
    if (held && 'pending' in held) for (const f of held.pending.splice(0)) f();
    try {
      return await fn();
    } finally {
      scope.ended = true;
    }
  });
}
export async function withStep<T>(
  step: number,
  a: { attempt: number } | (() => T | Promise<T>),
  b?: () => T | Promise<T>,
): Promise<T> {
  const s = scopeNow();
  const fn = typeof a === 'function' ? a : b!;
  const attempt = typeof a === 'function' ? null : a.attempt;
  if (!s) return fn();
  const scope: Scope = { run: s.run, step, attempt, ended: false };
  return storage.run(scope, async () => {
    try {
      return await fn();
    } finally {
      scope.ended = true;
    }
  });
}
export function syncRun(): void {
  for (const f of scopeNow()?.run.files ?? []) {
    const fd = openSync(f, 'r');
    fsyncSync(fd);
    closeSync(fd);
  }
}
export function flushRun(): void {}
function errorOf(e: unknown): unknown {
  return e instanceof Error
    ? {
        type: e.name,
        message: e.message,
        stack: e.stack,
        cause: e.cause === undefined ? undefined : errorOf(e.cause),
        code: (e as { code?: string }).code,
      }
    : { type: typeof e, message: String(e) };
}
export function getLogger(module: string, options: { component?: string } = {}): Logger {
  const component = options.component ?? 'run';
  const log =
    (level: Level) =>
    (message: string, fields: LogFields = {}): void => {
      const timestamp = new Date().toISOString();
      const write = (): void => {
        const s = scopeNow();
        const record = {
          level,
          timestamp,
          module,
          component,
          run_id: s?.run.runId ?? null,
          framework: s?.run.framework ?? null,
          step: s?.step ?? null,
          event: fields.event ?? 'log',
          message,
          metadata: fields.metadata ?? {},
          ...(s?.attempt ? { attempt: s.attempt } : {}),
          ...(s ? { seq: ++s.run.seq, writer: s.run.writer } : {}),
          ...(fields.error === undefined ? {} : { error: errorOf(fields.error) }),
          ...(s?.ended ? { late: true } : {}),
        };
        if (!s) {
          process.stderr.write(`${JSON.stringify(record)}\n`);
          return;
        }
        const file = join(s.run.logsDir, logFileOf(component, s.step));
        mkdirSync(dirname(file), { recursive: true });
        s.run.files.add(file);
        appendFileSync(file, `${s.run.redactor.redact(JSON.stringify(record))}\n`);
      };
      const held = storage.getStore();
      if (held && 'pending' in held) held.pending.push(write);
      else write();
    };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), fatal: log('fatal') };
}
