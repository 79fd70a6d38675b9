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
