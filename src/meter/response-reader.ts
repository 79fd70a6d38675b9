/** Parses a response while it passes through, and keeps its bytes as far as the recorder or the parser needs them. */
import type { IncomingMessage } from 'node:http';
import { captureScope, getLogger } from '../log/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import { BoundedBuffer, isDecodable, MAX_BUFFERED_BYTES } from './transport/body.ts';
import { isSuccess, type ResponseTransform } from './transport/forward.ts';
import { rewriteData } from './wires/sse.ts';
import type { MeteredWire, ParsedResponse, StreamReader } from './wires/wire.ts';

const EMPTY_RESPONSE: ParsedResponse = { model: null, usage: null, finished: false, closed: false, error: null };
const NO_CHUNKS: readonly Buffer[] = [];

export function isEventStream(contentType: string): boolean {
  return /^\s*text\/event-stream/i.test(contentType);
}

/** Null when responses of this content type are not streamed on this wire. */
export function streamReaderOf(wire: MeteredWire, contentType: string, hideUsage: boolean): StreamReader | null {
  const reader = isEventStream(contentType) ? wire.openEventReader?.(hideUsage) : wire.openChunkReader?.();
  return reader ?? null;
}

export class ResponseReader {
  readonly #wire: MeteredWire;
  readonly #hideUsage: boolean;
  /** How many bytes of a response to keep for the recorder. */
  readonly #recordBytes: number;
  readonly #filter: ResponseFilter | null;
  #stream: StreamReader | null = null;
  #body: BoundedBuffer | null = null;
  #parsed: ParsedResponse | null = null;

  /** @param options.recordBytes how many bytes of a response to keep for the recorder; 0 when there is none */
  constructor(wire: MeteredWire, options: { hideUsage: boolean; recordBytes: number; filter: ResponseFilter | null }) {
    this.#wire = wire;
    this.#hideUsage = options.hideUsage;
    this.#recordBytes = options.recordBytes;
    this.#filter = options.filter;
  }

  transformFor(upstreamResponse: IncomingMessage): ResponseTransform {
    const stream = streamReaderOf(this.#wire, upstreamResponse.headers['content-type'] ?? '', this.#hideUsage);
    const rewrite = rewriteFor(upstreamResponse, this.#wire, this.#filter);
    if (stream === null) return rewrite === null ? this.#passThrough() : this.#buffering(rewrite);
    this.#stream = stream;
    const visible = rewrite === null ? stream : rewrittenStream(stream, rewrite);
    const transform = {
      rewrites: this.#hideUsage || rewrite !== null,
      buffers: false,
      end: () => visible.end(),
      abort: () => NO_CHUNKS,
    };
    if (this.#recordBytes === 0) return { ...transform, push: (chunk) => visible.push(chunk) };
    const body = new BoundedBuffer(this.#recordBytes);
    this.#body = body;
    return {
      ...transform,
      push(chunk) {
        body.push(chunk);
        return visible.push(chunk);
      },
    };
  }

  #openBuffer(): BoundedBuffer {
    const body = new BoundedBuffer(Math.max(MAX_BUFFERED_BYTES, this.#recordBytes));
    this.#body = body;
    return body;
  }

  #parse(body: BoundedBuffer): void {
    this.#parsed = body.complete ? this.#wire.parseResponse(body.bytes()) : { ...EMPTY_RESPONSE, finished: true, closed: true };
  }

  #passThrough(): ResponseTransform {
    const body = this.#openBuffer();
    return {
      rewrites: false,
      buffers: false,
      push(chunk) {
        body.push(chunk);
        return [chunk];
      },
      end: () => {
        this.#parse(body);
        return NO_CHUNKS;
      },
      abort: () => NO_CHUNKS,
    };
  }

  /** Buffers the body and filters it when it is complete. A body that is too large to buffer is forwarded as it is. */
  #buffering(rewrite: JsonRewrite): ResponseTransform {
    const body = this.#openBuffer();
    let pending: Buffer[] = [];
    let rewrites = false;
    const release = (): Buffer[] => {
      const pieces = pending;
      pending = [];
      return pieces;
    };
    return {
      get rewrites() {
        return rewrites;
      },
      buffers: true,
      push(chunk) {
        body.push(chunk);
        pending.push(chunk);
        return body.complete ? NO_CHUNKS : release();
      },
      end: () => {
        this.#parse(body);
        if (!body.complete) return release();
        const bytes = body.bytes();
        const filtered = rewrite(bytes);
        rewrites = filtered !== bytes;
        return [filtered];
      },
      abort: release,
    };
  }

  get streamed(): boolean {
    return this.#stream !== null;
  }

  /** The body as the upstream sent it, as far as it is buffered. */
  get body(): BoundedBuffer | null {
    return this.#body;
  }

  /** What the response has stated so far. */
  parsed(): ParsedResponse {
    return this.#stream?.parsed() ?? this.#parsed ?? EMPTY_RESPONSE;
  }

  /** The model's output text; null when it is unknown. */
  text(): string | null {
    if (this.#stream !== null) return this.#stream.text();
    return this.#parsed !== null && this.#body?.complete === true ? this.#wire.outputText(this.#body.bytes()) : null;
  }
}

/** Removes response fields that break the framework, just before a response is sent to it. */
export interface ResponseFilter {
  readonly fields: readonly string[];
  /** Records, once per run, that fields were removed. */
  record(): void;
}

/** Returns the same buffer when there is nothing to remove. */
type JsonRewrite = (json: Buffer) => Buffer;

const log = getLogger('meter', { component: 'metrics' });

/** For the run of the current log scope; null when there is nothing to remove. */
export function openResponseFilter(members: readonly string[]): ResponseFilter | null {
  if (members.length === 0) return null;
  const inScope = captureScope();
  let recorded = false;
  return {
    fields: members,
    record() {
      if (recorded) return;
      recorded = true;
      const metadata = { omitted: [...members] } satisfies EventMetadata<'answers_changed'>;
      inScope(() => log.info(`The framework gets answers without ${members.join(', ')}`, { event: 'answers_changed', metadata }));
    },
  };
}

/** Null when the response is sent to the client as it is: an error, another format, or an unknown encoding. */
function rewriteFor(
  { statusCode, headers }: IncomingMessage,
  wire: MeteredWire,
  filter: ResponseFilter | null,
): JsonRewrite | null {
  const { withoutFields } = wire;
  if (filter === null || withoutFields === undefined) return null;
  if (!isSuccess(statusCode ?? null) || !isDecodable(headers['content-encoding'])) return null;
  return (json) => {
    const filtered = withoutFields(json, filter.fields);
    if (filtered !== json) filter.record();
    return filtered;
  };
}

/** The stream with each event rewritten. Readers return complete events only. */
function rewrittenStream(stream: StreamReader, rewrite: JsonRewrite): Pick<StreamReader, 'push' | 'end'> {
  const rewritten = (events: readonly Buffer[]): readonly Buffer[] => events.map((event) => rewriteData(event, rewrite));
  return { push: (chunk) => rewritten(stream.push(chunk)), end: () => rewritten(stream.end()) };
}
