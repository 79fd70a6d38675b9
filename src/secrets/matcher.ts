/** Replaces secrets and counts the replacements. */
import { SecretPatterns } from './patterns.ts';

const REDACTED = '[redacted]';

export class SecretMatcher {
  readonly patterns: SecretPatterns;
  /** Replacements made so far. */
  count = 0;

  constructor(values: Iterable<string>) {
    this.patterns = SecretPatterns.of(values);
  }

  /** `text` with every secret replaced; secrets that overlap are replaced together. */
  redact(text: string): string {
    const regions = this.patterns.find(text, 0);
    if (regions.length === 0) return text;
    let out = '';
    let at = 0;
    for (const { start, end } of regions) {
      out += `${text.slice(at, start)}${this.replace()}`;
      at = end;
    }
    return out + text.slice(at);
  }

  /** Counts one replacement and returns what stands in the secret's place. */
  replace(): string {
    this.count += 1;
    return REDACTED;
  }

  containsSecret(bytes: Uint8Array | string): boolean {
    return typeof bytes === 'string' ? this.patterns.find(bytes, 0).length !== 0 : this.patterns.inBytes(bytes);
  }
}
