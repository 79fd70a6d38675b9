/** Bodies of requests and responses: buffered within limits, and decompressed. */
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzip,
  inflate,
  zstdDecompress,
} from 'node:zlib';

/** Bodies up to this size are buffered and parsed; larger ones are forwarded without being parsed. */
export const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

export interface RequestBody {
  /** The bytes received so far, as sent. */
  readonly raw: Buffer;
  /** `pending`: still unread, because the request is too large to buffer. `aborted`: the client disconnected before sending it. */
  readonly rest: 'none' | 'pending' | 'aborted';
  /** The body without compression; null when it is incomplete or its encoding is unknown. */
  readonly decoded: Buffer | null;
}

const BUFFER_DECODERS: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** Never rejects. */
export async function readBody(request: IncomingMessage, limit: number = MAX_BUFFERED_BYTES): Promise<RequestBody> {
  const { raw, rest } = await collect(request, limit);
  return { raw, rest, decoded: rest === 'none' ? await decode(raw, request.headers['content-encoding'], limit) : null };
}

function collect(request: IncomingMessage, limit: number): Promise<Pick<RequestBody, 'raw' | 'rest'>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (rest: RequestBody['rest']): void => {
      request.off('data', onData).off('end', onEnd).off('error', onAborted).off('close', onAborted);
      resolve({ raw: Buffer.concat(chunks), rest });
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) {
        request.pause();
        finish('pending');
      }
    };
    const onEnd = (): void => finish('none');
    const onAborted = (): void => finish('aborted');
    request.on('data', onData).on('end', onEnd).on('error', onAborted).on('close', onAborted);
  });
}

async function decode(raw: Buffer, encoding: string | undefined, limit: number): Promise<Buffer | null> {
  if (encoding === undefined || encoding === 'identity') return raw;
  const decoder = BUFFER_DECODERS[encoding.trim().toLowerCase()];
  if (decoder === undefined) return null;
  try {
    return await decoder(raw, { maxOutputLength: limit });
  } catch {
    // Corrupt, or over the limit when decompressed: forward it and let the upstream reject it.
    return null;
  }
}

/** False for a content encoding that cannot be decoded here. */
export function isDecodable(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'identity' || encoding.trim().toLowerCase() in BUFFER_DECODERS;
}

/** A decoder for a response that is compressed although the request asked for none; null when none is needed or known. */
export function responseDecoder(encoding: string | undefined): Transform | null {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    default:
      return null;
  }
}

/** Keeps the beginning of a body, up to a limit, while the body is forwarded. */
export class BoundedBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #complete = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False once the body has exceeded the limit. */
  get complete(): boolean {
    return this.#complete;
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#size;
    if (chunk.length > room) this.#complete = false;
    if (room <= 0) return;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#size += Math.min(chunk.length, room);
  }

  bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}
