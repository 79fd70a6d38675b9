/** Reads an answer while it passes through: what it states, and what it holds as far as somebody wants it. */
import type { IncomingMessage } from 'node:http';
import { MAX_BUFFERED } from './body.ts';
import type { Tap } from './forward.ts';
import { HeldBytes } from './held.ts';
import type { Answered, MeteredWire, StreamReader } from './wire.ts';

const NOTHING: Answered = { model: null, usage: null, finished: false, closed: false, error: null };
const NO_PIECES: readonly Buffer[] = [];

export class Reading {
  readonly #wire: MeteredWire;
  readonly #hideUsage: boolean;
  /** Bytes of an answer that are held for a recorder. */
  readonly #recorded: number;
  #stream: StreamReader | null = null;
  #body: HeldBytes | null = null;
  #answered: Answered | null = null;

  constructor(wire: MeteredWire, hideUsage: boolean, recorded: number) {
    this.#wire = wire;
    this.#hideUsage = hideUsage;
    this.#recorded = recorded;
  }

  tapOf(answer: IncomingMessage): Tap {
    const stream = this.#wire.readStream(answer.headers['content-type'] ?? '', this.#hideUsage);
    if (stream === null) return this.#holding();
    this.#stream = stream;
    if (this.#recorded === 0) return { rewrites: this.#hideUsage, push: (chunk) => stream.push(chunk), end: () => stream.end() };
    const body = new HeldBytes(this.#recorded);
    this.#body = body;
    return {
      rewrites: this.#hideUsage,
      push(chunk) {
        body.push(chunk);
        return stream.push(chunk);
      },
      end: () => stream.end(),
    };
  }

  #holding(): Tap {
    const body = new HeldBytes(Math.max(MAX_BUFFERED, this.#recorded));
    this.#body = body;
    return {
      rewrites: false,
      push(chunk) {
        body.push(chunk);
        return [chunk];
      },
      end: () => {
        this.#answered = body.whole ? this.#wire.readAnswer(body.bytes()) : { ...NOTHING, finished: true, closed: true };
        return NO_PIECES;
      },
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
