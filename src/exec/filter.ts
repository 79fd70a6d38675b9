/** Changes a text that arrives in chunks; may hold back an end until it is clear what it is. */
export interface TextFilter {
  push(chunk: string): string;
  /** What was held back. */
  end(): string;
}
