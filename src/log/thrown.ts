import { messageOf } from '../errors.ts';
import type { RecordedError } from '../schema.ts';

/** Causes deeper than this are left out; they may form a circle. */
const MAX_CAUSES = 8;

/** Any thrown value as it stands in a record. Never throws, whatever its getters do. */
export function recordedError(thrown: unknown, depth = 0): RecordedError {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) {
    return { type: thrown === null ? 'null' : typeof thrown, message: messageOf(thrown) };
  }
  const name = read(thrown, 'name') ?? read(thrown, 'type');
  const error: RecordedError = {
    type: typeof name === 'string' && name !== '' ? name : className(thrown),
    message: messageOf(thrown),
  };
  const stack = read(thrown, 'stack');
  if (typeof stack === 'string') error.stack = stack;
  const cause = read(thrown, 'cause');
  if (cause !== undefined && depth < MAX_CAUSES) error.cause = recordedError(cause, depth + 1);
  const code = read(thrown, 'code');
  if (typeof code === 'string' || (typeof code === 'number' && Number.isFinite(code))) error.code = code;
  return error;
}

function read(from: object, name: string): unknown {
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function className(value: object): string {
  try {
    return value.constructor.name || 'Error';
  } catch {
    return 'Error';
  }
}
