/** What the system said when it refused something. No library, so that the log core can ask too. */
import { messageOf } from '../errors/index.ts';

/** The error's code, such as `ENOENT` or Node's own `ERR_…`; null when it has none. */
export function errnoOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/** Why something failed, as short as it can be said: the system's code, or else the message. Node's codes say less than its messages. */
export function failureReason(error: unknown): string {
  const code = errnoOf(error);
  if (code !== null && !code.startsWith('ERR_')) return code;
  return messageOf(error) || (code ?? 'no reason was given');
}

/**
 * For `catch`: gives `value` for an error with one of the codes and throws every other one on.
 *
 * @example await readdir(path).catch(ifErrno('ENOENT', []))
 */
export function ifErrno<T>(codes: string | readonly string[], value: T): (error: unknown) => T {
  return (error) => {
    const code = errnoOf(error);
    if (code !== null && (typeof codes === 'string' ? code === codes : codes.includes(code))) return value;
    throw error;
  };
}
