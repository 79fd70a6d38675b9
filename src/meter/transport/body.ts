/** Bodies of requests and answers: read or kept in memory as far as that is reasonable, and without their compression. */
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

/** Bodies up to this size are buffered and read; what is larger goes on unread. */
export const MAX_BUFFERED = 32 * 1024 * 1024;

export interface RequestBody {
  /** The bytes received so far, as sent. */
  readonly raw: Buffer;
  /** `to_come`: still in the request, since all of it is too large to hold. `lost`: the client left before it was sent. */
  readonly rest: 'none' | 'to_come' | 'lost';
  /** The body without compression; null when it is not whole, or compressed in a way that cannot be undone. */
  readonly plain: Buffer | null;
}

const BUFFER_DECODERS: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** Never rejects. */
export async function readBody(request: IncomingMessage, limit: number = MAX_BUFFERED): Promise<RequestBody> {
  const { raw, rest } = await collect(request, limit);
  return { raw, rest, plain: rest === 'none' ? await decode(raw, request.headers['content-encoding'], limit) : null };
}

function collect(request: IncomingMessage, limit: number): Promise<Pick<RequestBody, 'raw' | 'rest'>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (rest: RequestBody['rest']): void => {
      request.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
      resolve({ raw: Buffer.concat(chunks), rest });
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) {
        request.pause();
        settle('to_come');
      }
    };
    const onEnd = (): void => settle('none');
    const onLost = (): void => settle('lost');
    request.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
  });
}

async function decode(raw: Buffer, encoding: string | undefined, limit: number): Promise<Buffer | null> {
  if (encoding === undefined || encoding === 'identity') return raw;
  const decoder = BUFFER_DECODERS[encoding.trim().toLowerCase()];
  if (decoder === undefined) return null;
  try {
    return await decoder(raw, { maxOutputLength: limit });
  } catch {
    // Corrupt, or larger than the limit when unpacked: the upstream will say what it thinks of it.
    return null;
  }
}

/** False of a body in an encoding that cannot be undone here. */
export function isReadable(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'identity' || encoding.trim().toLowerCase() in BUFFER_DECODERS;
}

/** A decoder for an answer that came compressed although it was asked not to be; null when none is needed or known. */
export function answerDecoder(encoding: string | undefined): Transform | null {
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

/** Keeps the beginning of a body, up to a limit, while the body goes on its way. */
export class BoundedBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #whole = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False once something did not fit. */
  get whole(): boolean {
    return this.#whole;
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#size;
    if (chunk.length > room) this.#whole = false;
    if (room <= 0) return;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#size += Math.min(chunk.length, room);
  }

  bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}
