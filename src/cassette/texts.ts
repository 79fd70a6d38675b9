/**
 * Changes what a body says and nothing else. Strings are changed as a reader of the format sees them, without escapes; a text
 * that a stream brings in pieces is seen as one.
 */
import { jsonStrings, type JsonPath } from './json-strings.ts';

/** `events`: server-sent ones. `plain`: a format that is not known, changed as one text. */
export type BodyFormat = 'json' | 'events' | 'plain';

export interface Rewrite {
  /** False when there is nothing to change in the text, nor in any part of it. */
  concerns(text: string): boolean;
  /** Gets one text in its pieces and returns as many. */
  apply(pieces: readonly string[]): readonly string[];
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** It stands in the body as a JSON string. */
  readonly quoted: boolean;
  /** Pieces of one channel, in order, are one text; null: it is a text of its own. */
  readonly channel: string | null;
}

/** @param streamed the answer came as server-sent events */
export function formatOf(text: string, streamed: boolean): BodyFormat {
  if (streamed) return 'events';
  return parseJson(text) === undefined ? 'plain' : 'json';
}

export function rewriteTexts(body: string, format: BodyFormat, rewrite: Rewrite): string {
  const pieces = piecesOf(body, format);
  const texts = channelsOf(pieces).map((channel) => ({ channel, text: channel.map((piece) => piece.text).join('') }));
  // One look at everything is much less work than many small ones, and mostly the last.
  if (!rewrite.concerns(texts.map(({ text }) => text).join('\n'))) return body;
  const changed = new Map<Piece, string>();
  for (const { channel } of texts.filter(({ text }) => rewrite.concerns(text))) {
    const after = rewrite.apply(channel.map((piece) => piece.text));
    for (const [index, piece] of channel.entries()) changed.set(piece, after[index] ?? '');
  }
  let out = '';
  let from = 0;
  for (const piece of pieces) {
    const text = changed.get(piece);
    if (text === undefined || text === piece.text) continue;
    out += body.slice(from, piece.start) + (piece.quoted ? JSON.stringify(text) : text);
    from = piece.end;
  }
  return out + body.slice(from);
}

function channelsOf(pieces: readonly Piece[]): Piece[][] {
  const channels: Piece[][] = [];
  const byName = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const open = piece.channel === null ? undefined : byName.get(piece.channel);
    if (open !== undefined) {
      open.push(piece);
      continue;
    }
    const channel = [piece];
    channels.push(channel);
    if (piece.channel !== null) byName.set(piece.channel, channel);
  }
  return channels;
}

function piecesOf(body: string, format: BodyFormat): Piece[] {
  switch (format) {
    case 'json':
      return piecesOfWholeJson(body);
    case 'events':
      return piecesOfEvents(body);
    case 'plain':
      return [{ start: 0, end: body.length, text: body, quoted: false, channel: null }];
    default:
      return format satisfies never;
  }
}

/** Each line by itself: a provider puts one JSON value behind each `data:`. */
function piecesOfEvents(body: string): Piece[] {
  const pieces: Piece[] = [];
  for (const line of body.matchAll(/[^\r\n]+/g)) {
    const head = /^data: ?/.exec(line[0])?.[0] ?? '';
    const start = line.index + head.length;
    const text = line[0].slice(head.length);
    const value = head === '' ? undefined : parseJson(text);
    if (value !== undefined) pieces.push(...piecesOfJson(text, start, channelsOfEvent(value)));
    else pieces.push({ start, end: start + text.length, text, quoted: false, channel: null });
  }
  return pieces;
}

/**
 * A provider streams a text by sending objects that have its next letters at the same place: of events one after another, or of
 * an array of such objects.
 */
function piecesOfJson(json: string, offset: number, channelOf: (path: JsonPath) => string | null): Piece[] {
  return jsonStrings(json).map(({ start, end, path }) => ({
    start: offset + start,
    end: offset + end,
    text: JSON.parse(json.slice(start, end)) as string,
    quoted: true,
    channel: path === null ? null : channelOf(path),
  }));
}

function piecesOfWholeJson(json: string): Piece[] {
  const value = JSON.parse(json) as unknown;
  if (!Array.isArray(value)) return piecesOfJson(json, 0, () => null);
  const channels = value.map(channelsOfEvent);
  return piecesOfJson(json, 0, ([first, ...rest]) => (rest.length === 0 ? null : (channels[Number(first)]?.(rest) ?? null)));
}

/** Names the text that a string of the event goes on with: by its place, and every number by which the event tells texts apart. */
function channelsOfEvent(event: unknown): (path: JsonPath) => string {
  const type = (event as { type?: unknown } | null)?.type;
  const own = typeof type === 'string' ? type : '';
  const indexes = new Map<unknown, string>();
  return (path) => {
    let name = own;
    let at = event;
    for (const key of path) {
      let known = indexes.get(at);
      if (known === undefined) indexes.set(at, (known = indexesOf(at)));
      name += `${known}/${key}`;
      at = (at as Record<string | number, unknown>)[key];
    }
    return name;
  };
}

/** `index`, `output_index`, `content_index` … */
function indexesOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  return Object.entries(value)
    .filter(([key, each]) => typeof each === 'number' && (key === 'index' || key.endsWith('_index')))
    .map(([, each]) => `#${String(each)}`)
    .join('');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
