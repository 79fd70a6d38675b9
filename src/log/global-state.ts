/** What all copies of the package in one process share. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SecretRedactor } from '../secrets/index.ts';
import { DynamicFileHandler, type CreateFileNotices } from './handler.ts';
import type { Scope } from './scope.ts';
import { printNotice } from './stderr.ts';
import { Clock } from './template.ts';

/** Raised whenever the shape of what is shared changes. */
const VERSION = 3;
const KEY = Symbol.for('stepwell.log');

export interface GlobalState {
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
  /** Callbacks that report pending records when the process exits. */
  readonly atExit: Set<() => void>;
}

/** The shared state; the first copy of the package that is loaded makes it. */
export function globalState(createFileNotices: CreateFileNotices): GlobalState {
  const holder = globalThis as { [KEY]?: GlobalState };
  const found = holder[KEY];
  if (found?.version === VERSION) return found;
  const made: GlobalState = {
    version: VERSION,
    scopes: new AsyncLocalStorage(),
    ambient: undefined,
    clock: new Clock(),
    handler: new DynamicFileHandler(createFileNotices, { notify: printNotice }),
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
  } else printNotice('two versions of stepwell are loaded that cannot share a log context; each keeps its own.');
  return made;
}
