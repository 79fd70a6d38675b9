/**
 * The tar format, as far as an archive of ours needs it: regular files, directories and symbolic links in ustar headers,
 * with a pax header before them only where ustar has no room. Owner, mode and time are fixed, so the same files give the same bytes.
 */

export const TAR_BLOCK = 512;
/** Two zero blocks. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK);
/** ustar's twelve octal digits end here. */
const MAX_USTAR_BYTES = 0o77777777777;

export interface TarEntry {
  readonly type: 'file' | 'directory' | 'link';
  /** With `/`, no leading one; a directory's path ends without one too. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Of a link, as stored. */
  readonly target: string;
}

const TYPE_FLAG = { file: '0', directory: '5', link: '2' } as const;

/** The bytes before an entry's content: its header and, where needed, a pax header. */
export function encodeHeader(entry: TarEntry): Buffer {
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const records: [string, string][] = [];
  const place = placeName(path);
  if (place === null) records.push(['path', path]);
  const target = fitsField(entry.target, 100) ? entry.target : null;
  if (target === null) records.push(['linkpath', entry.target]);
  const size = entry.bytes <= MAX_USTAR_BYTES ? entry.bytes : 0;
  if (entry.bytes > MAX_USTAR_BYTES) records.push(['size', String(entry.bytes)]);

  const fallback = Buffer.from(path)
    .subarray(0, 100)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '_');
  const header = ustar({
    ...(place ?? { name: fallback, prefix: '' }),
    mode: entry.type === 'link' ? 0o777 : entry.type === 'directory' || entry.executable ? 0o755 : 0o644,
    size,
    mtime: entry.mtime,
    type: TYPE_FLAG[entry.type],
    target: target ?? '',
  });
  if (records.length === 0) return header;
  const pax = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  const paxHeader = ustar({
    name: '././@PaxHeader',
    prefix: '',
    mode: 0o644,
    size: pax.length,
    mtime: entry.mtime,
    type: 'x',
    target: '',
  });
  return Buffer.concat([paxHeader, pax, Buffer.alloc(paddingOf(pax.length)), header]);
}

/** Zero bytes that follow a content of `bytes`. */
export function paddingOf(bytes: number): number {
  return (TAR_BLOCK - (bytes % TAR_BLOCK)) % TAR_BLOCK;
}

interface UstarFields {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly type: string;
  readonly target: string;
}

function ustar(fields: UstarFields): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  header.write(fields.name, 0, 100, 'latin1');
  header.write(octal(fields.mode, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(octal(fields.size, 11), 124, 'latin1');
  header.write(octal(fields.mtime, 11), 136, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(fields.type, 156, 'latin1');
  header.write(fields.target, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(octal(0, 7), 329, 'latin1');
  header.write(octal(0, 7), 337, 'latin1');
  header.write(fields.prefix, 345, 155, 'latin1');
  header.write(`${octal(headerSum(header), 6)}\0 `, 148, 'latin1');
  return header;
}

/** The header's checksum: the sum of its bytes with the checksum field itself as spaces. */
export function headerSum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < TAR_BLOCK; at++) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function fitsField(text: string, bytes: number): boolean {
  return text.length <= bytes && /^[\x20-\x7e]*$/.test(text);
}

/** Name and prefix of the header, or null when the path needs a pax record. */
function placeName(path: string): { name: string; prefix: string } | null {
  if (fitsField(path, 100)) return { name: path, prefix: '' };
  if (!fitsField(path, 256)) return null;
  // The split must leave something on both sides; a directory's closing slash is no place for it.
  for (let at = path.indexOf('/', path.length - 101); at !== -1 && at <= 155; at = path.indexOf('/', at + 1)) {
    if (at > 0 && at < path.length - 1) return { name: path.slice(at + 1), prefix: path.slice(0, at) };
  }
  return null;
}

/** `<length> key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

const TYPES: Record<string, TarEntry['type']> = { 0: 'file', 5: 'directory', 2: 'link' };

/** The entry of a header with its pax header, or the reason why it is invalid. */
export function decodeHeader(raw: Buffer): TarEntry | string {
  const header = raw.subarray(raw.length - TAR_BLOCK);
  for (const block of raw.length > TAR_BLOCK ? [raw.subarray(0, TAR_BLOCK), header] : [header]) {
    if (block.toString('latin1', 257, 265) !== 'ustar\x0000') return 'is no ustar header';
    if (number(block, 148, 6) !== headerSum(block)) return 'has a wrong checksum';
  }
  const pax =
    raw.length > TAR_BLOCK ? paxRecords(raw.subarray(TAR_BLOCK, TAR_BLOCK + number(raw, 124, 11))) : new Map<string, string>();
  if (pax === null) return 'has a broken pax header';
  const type = TYPES[field(header, 156, 1)];
  if (type === undefined) return `is of type ${JSON.stringify(field(header, 156, 1))}, which no archive of ours has`;
  const prefix = field(header, 345, 155);
  const path = pax.get('path') ?? (prefix === '' ? '' : `${prefix}/`) + field(header, 0, 100);
  const entry = {
    type,
    path: type === 'directory' ? path.replace(/\/$/, '') : path,
    bytes: Number(pax.get('size') ?? number(header, 124, 11)),
    executable: type === 'file' && (number(header, 100, 7) & 0o100) !== 0,
    mtime: number(header, 136, 11),
    target: pax.get('linkpath') ?? field(header, 157, 100),
  };
  if (!Number.isSafeInteger(entry.bytes) || entry.bytes < 0 || !Number.isSafeInteger(entry.mtime))
    return 'has an impossible size or time';
  if (type !== 'file' && entry.bytes > 0) return 'gives a content to something that has none';
  return entry;
}

function field(header: Buffer, at: number, length: number): string {
  const end = header.indexOf(0, at);
  return header.toString('latin1', at, end === -1 ? at + length : Math.min(end, at + length));
}

function number(header: Buffer, at: number, length: number): number {
  return Number.parseInt(header.toString('latin1', at, at + length), 8);
}

function paxRecords(data: Buffer): Map<string, string> | null {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const record = data.subarray(space + 1, at + length);
    const equals = record.indexOf(0x3d);
    if (space === -1 || !(length > 0) || at + length > data.length || equals === -1 || record.at(-1) !== 0x0a) return null;
    records.set(record.toString('utf8', 0, equals), record.toString('utf8', equals + 1, record.length - 1));
    at += length;
  }
  return records;
}
