/** Reads an answer while it passes through: what it states, and what it holds as far as somebody wants it. */
import type { IncomingMessage } from 'node:http';
import { captureScope, getLogger } from '../log/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import { BoundedBuffer, isReadable, MAX_BUFFERED } from './transport/body.ts';
import { isGood, type Tap } from './transport/forward.ts';
import { withData } from './wires/sse.ts';
import type { MeteredWire, ParsedResponse, StreamReader } from './wires/wire.ts';

const NOTHING: ParsedResponse = { model: null, usage: null, finished: false, closed: false, error: null };
const NO_PIECES: readonly Buffer[] = [];

export function isEventStream(contentType: string): boolean {
  return /^\s*text\/event-stream/i.test(contentType);
}

/** Null when an answer of this content type is not streamed on the wire. */
export function streamReaderOf(wire: MeteredWire, contentType: string, hideUsage: boolean): StreamReader | null {
  const reader = isEventStream(contentType) ? wire.readEvents?.(hideUsage) : wire.readPieces?.();
  return reader ?? null;
}

export class ResponseReader {
  readonly #wire: MeteredWire;
  readonly #hideUsage: boolean;
  /** Bytes of an answer that are held for a recorder. */
  readonly #recorded: number;
  readonly #filter: ResponseFilter | null;
  #stream: StreamReader | null = null;
  #body: BoundedBuffer | null = null;
  #parsed: ParsedResponse | null = null;

  /** @param given.recorded bytes of an answer that are held for a recorder */
  constructor(wire: MeteredWire, given: { hideUsage: boolean; recorded: number; filter: ResponseFilter | null }) {
    this.#wire = wire;
    this.#hideUsage = given.hideUsage;
    this.#recorded = given.recorded;
    this.#filter = given.filter;
  }

  tapOf(answer: IncomingMessage): Tap {
    const stream = streamReaderOf(this.#wire, answer.headers['content-type'] ?? '', this.#hideUsage);
    const change = changeOf(answer, this.#wire, this.#filter);
    if (stream === null) return change === null ? this.#passing() : this.#holding(change);
    this.#stream = stream;
    const shown = change === null ? stream : changedStream(stream, change);
    const tap = { rewrites: this.#hideUsage || change !== null, holds: false, end: () => shown.end(), cut: () => NO_PIECES };
    if (this.#recorded === 0) return { ...tap, push: (chunk) => shown.push(chunk) };
    const body = new BoundedBuffer(this.#recorded);
    this.#body = body;
    return {
      ...tap,
      push(chunk) {
        body.push(chunk);
        return shown.push(chunk);
      },
    };
  }

  #hold(): BoundedBuffer {
    const body = new BoundedBuffer(Math.max(MAX_BUFFERED, this.#recorded));
    this.#body = body;
    return body;
  }

  #read(body: BoundedBuffer): void {
    this.#parsed = body.whole ? this.#wire.readAnswer(body.bytes()) : { ...NOTHING, finished: true, closed: true };
  }

  #passing(): Tap {
    const body = this.#hold();
    return {
      rewrites: false,
      holds: false,
      push(chunk) {
        body.push(chunk);
        return [chunk];
      },
      end: () => {
        this.#read(body);
        return NO_PIECES;
      },
      cut: () => NO_PIECES,
    };
  }

  /** The client gets what is left of a whole answer when it is there, and one that is too large to hold as it is. */
  #holding(change: Change): Tap {
    const body = this.#hold();
    let held: Buffer[] = [];
    let rewrites = false;
    const letGo = (): Buffer[] => {
      const pieces = held;
      held = [];
      return pieces;
    };
    return {
      get rewrites() {
        return rewrites;
      },
      holds: true,
      push(chunk) {
        body.push(chunk);
        held.push(chunk);
        return body.whole ? NO_PIECES : letGo();
      },
      end: () => {
        this.#read(body);
        if (!body.whole) return letGo();
        const bytes = body.bytes();
        const left = change(bytes);
        rewrites = left !== bytes;
        return [left];
      },
      cut: letGo,
    };
  }

  get streamed(): boolean {
    return this.#stream !== null;
  }

  /** As the upstream sent it, as far as it is held. */
  get body(): BoundedBuffer | null {
    return this.#body;
  }

  /** What the answer has stated so far. */
  parsed(): ParsedResponse {
    return this.#stream?.parsed() ?? this.#parsed ?? NOTHING;
  }

  /** What the model wrote; null where that cannot be told. */
  text(): string | null {
    if (this.#stream !== null) return this.#stream.text();
    return this.#parsed !== null && this.#body?.whole === true ? this.#wire.outputText(this.#body.bytes()) : null;
  }
}

/** Takes members that break a framework out of the answers on their last part of the way, to the framework. */
export interface ResponseFilter {
  readonly members: readonly string[];
  /** Records it, once. */
  happened(): void;
}

/** Returns the same buffer where nothing is to be taken out. */
type Change = (json: Buffer) => Buffer;

const log = getLogger('meter', { component: 'metrics' });

/** For the run in whose log scope it is called; null where nothing is to be taken out. */
export function openResponseFilter(members: readonly string[]): ResponseFilter | null {
  if (members.length === 0) return null;
  const inScope = captureScope();
  let recorded = false;
  return {
    members,
    happened() {
      if (recorded) return;
      recorded = true;
      const metadata = { omitted: [...members] } satisfies EventMetadata<'answers_changed'>;
      inScope(() => log.info(`The framework gets answers without ${members.join(', ')}`, { event: 'answers_changed', metadata }));
    },
  };
}

/** Null where the answer goes to the client as it is: an error, another format, or bytes that cannot be read. */
function changeOf({ statusCode, headers }: IncomingMessage, wire: MeteredWire, filter: ResponseFilter | null): Change | null {
  const { withoutMembers } = wire;
  if (filter === null || withoutMembers === undefined) return null;
  if (!isGood(statusCode ?? null) || !isReadable(headers['content-encoding'])) return null;
  return (json) => {
    const left = withoutMembers(json, filter.members);
    if (left !== json) filter.happened();
    return left;
  };
}

/** The stream as its client gets it. What a reader hands on are whole events. */
function changedStream(stream: StreamReader, change: Change): Pick<StreamReader, 'push' | 'end'> {
  const changed = (events: readonly Buffer[]): readonly Buffer[] => events.map((event) => withData(event, change));
  return { push: (chunk) => changed(stream.push(chunk)), end: () => changed(stream.end()) };
}
