/** Keeps secrets out of everything that is written. */
import { SecretPatterns } from './patterns.ts';
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

/** A redactor as the serializer needs it. */
export interface SecretRedactor extends Redactor {
  readonly patterns: SecretPatterns;
}

const REDACTED = '[redacted]';

/**
 * A redactor for the given secret values, beside the shapes that are always known (`shapes.ts`). Values under 8 characters are
 * ignored.
 *
 * @example createRedactor({ values: ['hunter2-hunter2'] }).redact('pw=hunter2-hunter2') // 'pw=[redacted]'
 */
export function createRedactor(options: { readonly values: Iterable<string> }): SecretRedactor {
  const patterns = SecretPatterns.of(options.values);
  let count = 0;
  const replace = (): string => {
    count += 1;
    return REDACTED;
  };
  return {
    patterns,
    // Secrets that overlap are replaced together.
    redact(text) {
      const regions = patterns.find(text, 0);
      if (regions.length === 0) return text;
      let out = '';
      let at = 0;
      for (const { start, end } of regions) {
        out += `${text.slice(at, start)}${replace()}`;
        at = end;
      }
      return out + text.slice(at);
    },
    stream: () => redactorStream(patterns, replace),
    containsSecret: (bytes) => (typeof bytes === 'string' ? patterns.find(bytes, 0).length !== 0 : patterns.inBytes(bytes)),
    get count() {
      return count;
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
