/** Reads an answer while it passes through: what it states, and what it holds as far as somebody wants it. */
import type { IncomingMessage } from 'node:http';
import { MAX_BUFFERED } from './body.ts';
import type { Tap } from './forward.ts';
import { HeldBytes } from './held.ts';
import { omitFrom, withoutMembers, type Omission, type Omit } from './omission.ts';
import type { Answered, MeteredWire, StreamReader } from './wire.ts';

const NOTHING: Answered = { model: null, usage: null, finished: false, closed: false, error: null };
const NO_PIECES: readonly Buffer[] = [];

export class Reading {
  readonly #wire: MeteredWire;
  readonly #hideUsage: boolean;
  /** Bytes of an answer that are held for a recorder. */
  readonly #recorded: number;
  readonly #omission: Omission | null;
  #stream: StreamReader | null = null;
  #body: HeldBytes | null = null;
  #answered: Answered | null = null;

  /** @param given.recorded bytes of an answer that are held for a recorder */
  constructor(wire: MeteredWire, given: { hideUsage: boolean; recorded: number; omission: Omission | null }) {
    this.#wire = wire;
    this.#hideUsage = given.hideUsage;
    this.#recorded = given.recorded;
    this.#omission = given.omission;
  }

  tapOf(answer: IncomingMessage): Tap {
    const stream = this.#wire.readStream(answer.headers['content-type'] ?? '', this.#hideUsage);
    const omit = omitFrom(answer, this.#wire, this.#omission);
    if (stream === null) return omit === null ? this.#passing() : this.#holding(omit);
    this.#stream = stream;
    const shown = omit === null ? stream : withoutMembers(stream, omit);
    const tap = { rewrites: this.#hideUsage || omit !== null, holds: false, end: () => shown.end(), cut: () => NO_PIECES };
    if (this.#recorded === 0) return { ...tap, push: (chunk) => shown.push(chunk) };
    const body = new HeldBytes(this.#recorded);
    this.#body = body;
    return {
      ...tap,
      push(chunk) {
        body.push(chunk);
        return shown.push(chunk);
      },
    };
  }

  #hold(): HeldBytes {
    const body = new HeldBytes(Math.max(MAX_BUFFERED, this.#recorded));
    this.#body = body;
    return body;
  }

  #read(body: HeldBytes): void {
    this.#answered = body.whole ? this.#wire.readAnswer(body.bytes()) : { ...NOTHING, finished: true, closed: true };
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
  #holding(omit: Omit): Tap {
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
        const left = omit(bytes);
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
  get body(): HeldBytes | null {
    return this.#body;
  }

  answered(): Answered {
    return this.#stream?.answered() ?? this.#answered ?? NOTHING;
  }

  /** What the model wrote; null where that cannot be told. */
  text(): string | null {
    if (this.#stream !== null) return this.#stream.text();
    return this.#answered !== null && this.#body?.whole === true ? this.#wire.outputText(this.#body.bytes()) : null;
  }
}
