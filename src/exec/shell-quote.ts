/** One word for a POSIX shell, whatever is in it; plain words stay as they are, since people read them. */
export function shellQuote(text: string): string {
  return /^[\w./@%+:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
