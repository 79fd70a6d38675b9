/** Keeps secrets out of everything that is written. */
import { SecretMatcher } from './matcher.ts';
import { redactorStream, type RedactorStream } from './stream.ts';

/** All members may be used apart from the object. */
export interface Redactor {
  /** `text` with every known secret and every secret shape replaced by `[redacted]`. */
  readonly redact: (text: string) => string;
  /** Redacts text that comes in chunks: a secret cut by their borders is found too. */
  readonly stream: () => RedactorStream;
  /** Whether bytes, or a text, hold a secret in any form. */
  readonly containsSecret: (bytes: Uint8Array | string) => boolean;
  /** Replacements made so far. */
  readonly count: number;
}

/** A redactor as the serialiser needs it. */
export interface SecretRedactor extends Redactor {
  readonly matcher: SecretMatcher;
}

/**
 * A redactor for the given secret values, beside the shapes that are always known (`sk-…`, `ghp_…`, `AKIA…`, `Bearer …`,
 * private keys). Values under 8 characters are ignored.
 *
 * @example createRedactor({ values: ['hunter2-hunter2'] }).redact('pw=hunter2-hunter2') // 'pw=[redacted]'
 */
export function createRedactor(options: { readonly values: Iterable<string> }): SecretRedactor {
  const matcher = new SecretMatcher(options.values);
  return {
    matcher,
    redact: (text) => matcher.redact(text),
    stream: () => redactorStream(matcher),
    containsSecret: (bytes) => matcher.containsSecret(bytes),
    get count() {
      return matcher.count;
    },
  };
}

/** The value with every string in it redacted; numbers stay numbers, whatever their digits. */
export function redactDeep<T>(value: T, redactor: Redactor): T {
  if (typeof value === 'string') return redactor.redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactDeep(item, redactor)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep<unknown>(item, redactor)])) as T;
}
