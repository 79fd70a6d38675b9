/**
 * Changes what a body says and nothing else. Strings are changed as a reader of the format sees them, without escapes; a text
 * that a stream brings in pieces is seen as one.
 */
import { jsonStrings } from './json-strings.ts';

/** `events`: server-sent ones. `plain`: a format that is not known, changed as one text. */
export type BodyFormat = 'json' | 'events' | 'plain';

/** Gets one text in its pieces and returns as many, or the very same array where nothing is to change. */
export type Rewrite = (pieces: readonly string[]) => readonly string[];

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
  const changed = new Map<Piece, string>();
  for (const channel of channelsOf(pieces)) {
    const before = channel.map(({ text }) => text);
    const after = rewrite(before);
    if (after === before) continue;
    for (const [index, piece] of channel.entries()) {
      const text = after[index] ?? '';
      if (text !== piece.text) changed.set(piece, text);
    }
  }
  if (changed.size === 0) return body;
  let out = '';
  let from = 0;
  for (const piece of pieces) {
    const text = changed.get(piece);
    if (text === undefined) continue;
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
      return piecesOfJson(body, 0, JSON.parse(body) as unknown);
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
    if (value !== undefined) pieces.push(...piecesOfJson(text, start, value));
    else pieces.push({ start, end: start + text.length, text, quoted: false, channel: null });
  }
  return pieces;
}

/**
 * A provider streams a text by sending objects that have its next letters at the same place: of events one after another, or of
 * an array of such objects.
 */
function piecesOfJson(json: string, offset: number, value: unknown): Piece[] {
  return jsonStrings(json).map(({ start, end, path }) => ({
    start: offset + start,
    end: offset + end,
    text: JSON.parse(json.slice(start, end)) as string,
    quoted: true,
    channel: path === null ? null : channelOf(path, value),
  }));
}

/** The place of a string within its event, and every number by which the event says which of several texts it goes on with. */
function channelOf(path: readonly (string | number)[], value: unknown): string | null {
  if (Array.isArray(value)) {
    const [first = 0, ...rest] = path;
    return typeof first === 'number' && rest.length > 0 ? channelOf(rest, value[first]) : null;
  }
  const names: (string | number)[] = [typeOf(value)];
  let at: unknown = value;
  for (const key of path) {
    names.push(key, ...indexesOf(at));
    at = (at as Record<string | number, unknown>)[key];
  }
  return JSON.stringify(names);
}

function typeOf(event: unknown): string {
  const type = (event as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? type : '';
}

/** `index`, `output_index`, `content_index` … */
function indexesOf(value: unknown): number[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => (/(^|_)index$/.test(key) && typeof each === 'number' ? [each] : []));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
