/** Reads one tar header, with the pax header before it. */
import { headerSum, TAR_BLOCK } from './tar.ts';
import type { TarEntry } from './tar.ts';

const TYPES: Record<string, TarEntry['type']> = { 0: 'file', 5: 'directory', 2: 'link' };

/** The entry of a header with its pax header, or what is wrong with it. */
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
