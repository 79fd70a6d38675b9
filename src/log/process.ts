/** What all copies of the package in one process share. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Clock } from './clock.ts';
import { DynamicFileHandler } from './handler.ts';
import { createRedactor, collectSecrets, type SecretRedactor } from '../secrets.ts';
import type { RecordsFor } from './handler.ts';
import type { Scope } from './scope.ts';
import { noteOnStderr } from './stderr.ts';

/** Raised whenever the shape of what is shared changes. */
const VERSION = 1;
const KEY = Symbol.for('stepwell.log');

export interface LogProcess {
  readonly version: number;
  readonly scopes: AsyncLocalStorage<Scope | undefined>;
  /** The imperative scope, used where no async scope is. */
  ambient: Scope | undefined;
  readonly clock: Clock;
  readonly handler: DynamicFileHandler;
  /** For what is logged outside of any run. */
  redactor: SecretRedactor | null;
  /** Numbers of loggers by module and component. */
  readonly loggers: Map<string, number>;
  /** One LogContext for all copies. */
  context: unknown;
  /** Ends what must be told when the process exits. */
  readonly atExit: Set<() => void>;
}

/** The shared state; the first copy of the package that is loaded makes it. */
export function logProcess(recordsFor: RecordsFor): LogProcess {
  const holder = globalThis as { [KEY]?: LogProcess };
  const found = holder[KEY];
  if (found?.version === VERSION) return found;
  const made: LogProcess = {
    version: VERSION,
    scopes: new AsyncLocalStorage(),
    ambient: undefined,
    clock: new Clock(() => Date.now()),
    handler: new DynamicFileHandler(recordsFor, { notify: noteOnStderr }),
    redactor: null,
    loggers: new Map(),
    context: null,
    atExit: new Set(),
  };
  if (found === undefined) {
    holder[KEY] = made;
    process.on('exit', () => {
      for (const each of made.atExit) each();
    });
  } else noteOnStderr('two versions of stepwell are loaded that cannot share a log context; each keeps its own.');
  return made;
}

export function processRedactor(state: LogProcess): SecretRedactor {
  return (state.redactor ??= createRedactor({ values: collectSecrets(process.env) }));
}

/** The scope of the call: the async one, otherwise the imperative one. */
export function scopeNow(state: LogProcess): Scope | undefined {
  return state.scopes.getStore() ?? state.ambient;
}
