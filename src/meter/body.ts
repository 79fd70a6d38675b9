/** Reads a request body into memory as far as that is reasonable, and undoes its compression. */
import type { IncomingMessage } from 'node:http';
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
import type { Transform } from 'node:stream';

/** Bodies up to this size are buffered and read; what is larger goes on unread. */
export const MAX_BUFFERED = 32 * 1024 * 1024;

export interface RequestBody {
  /** The bytes received so far, as sent. */
  readonly raw: Buffer;
  /** True when more will come: the rest is still in the request. */
  readonly more: boolean;
  /** The body without compression; null when it is too large, or compressed in a way that cannot be undone. */
  readonly plain: Buffer | null;
}

const BUFFER_DECODERS: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** @throws the stream's error when the client goes away before the body is whole. */
export async function readBody(request: IncomingMessage, limit: number = MAX_BUFFERED): Promise<RequestBody> {
  const { raw, more } = await collect(request, limit);
  return { raw, more, plain: more ? null : await decode(raw, request.headers['content-encoding'], limit) };
}

function collect(request: IncomingMessage, limit: number): Promise<{ raw: Buffer; more: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (more: boolean): void => {
      request.off('data', onData).off('end', onEnd).off('error', reject).off('close', onClose);
      resolve({ raw: Buffer.concat(chunks), more });
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) {
        request.pause();
        settle(true);
      }
    };
    const onEnd = (): void => settle(false);
    const onClose = (): void => reject(new Error('the client went away before its request was whole'));
    request.on('data', onData).on('end', onEnd).on('error', reject).on('close', onClose);
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
