/** The forms in which a known secret may appear in text. */

/** Shorter values are not treated as secrets: they occur in ordinary text, and masking them would garble it. */
export const MIN_SECRET_LENGTH = 8;
/** Lines of a longer secret that are secret by themselves, as when a key file is printed line by line. */
const MIN_LINE_LENGTH = 16;

/**
 * The value itself, its lines, and each of them JSON-escaped (once, twice, ASCII only, as PHP and Go do it), URL-encoded and in
 * base64 at all three byte shifts, in both alphabets.
 */
export function secretForms(value: string): string[] {
  const forms = new Set<string>();
  for (const text of [value, ...linesOf(value)]) {
    forms.add(text);
    const json = escaped(text);
    forms.add(json);
    forms.add(escaped(json));
    forms.add(asciiOnly(json));
    for (const other of [slashesEscaped(json), markupEscaped(json)]) forms.add(other).add(escaped(other));
    for (const url of urlForms(text)) forms.add(url);
    for (const base64 of base64Forms(Buffer.from(text, 'utf8'))) forms.add(base64);
  }
  return [...forms].filter((form) => form.length >= MIN_SECRET_LENGTH);
}

function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n/);
  // The first and last line of a PEM file are the same in all of them.
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= MIN_LINE_LENGTH && !line.startsWith('-----'));
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function asciiOnly(json: string): string {
  return json.replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** PHP writes `/` so. */
function slashesEscaped(json: string): string {
  return json.replaceAll('/', String.raw`\/`);
}

/** Go writes what has a meaning in HTML so. */
function markupEscaped(json: string): string {
  return json.replaceAll(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}

function urlForms(text: string): string[] {
  const strict = encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const upper = [encodeURIComponent(text.toWellFormed()), strict, encodeURI(text.toWellFormed())];
  const all = upper.flatMap((url) => [url, url.replaceAll('%20', '+')]);
  return all.flatMap((url) => [url, url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

/** The characters of base64 that depend only on the secret, whatever comes before and after it. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const own = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
