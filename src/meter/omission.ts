/** Members that a framework cannot bear are taken out of the answers on their last part of the way, to the framework. */
import type { IncomingMessage } from 'node:http';
import { captureScope, getLogger } from '../log.ts';
import type { EventMetadata } from '../schema.ts';
import { isReadable } from './body.ts';
import { isGood } from './outcome.ts';
import type { MeteredWire, StreamReader } from './wire.ts';
import { withData } from './wires/event-data.ts';

export interface Omission {
  readonly members: readonly string[];
  /** Records it, once. */
  happened(): void;
}

/** Returns the same buffer where nothing is to be taken out. */
export type Omit = (json: Buffer) => Buffer;

const log = getLogger('meter', { component: 'metrics' });

/** For the run in whose log scope it is called; null where nothing is to be taken out. */
export function openOmission(members: readonly string[]): Omission | null {
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
export function omitFrom({ statusCode, headers }: IncomingMessage, wire: MeteredWire, omission: Omission | null): Omit | null {
  const { withoutMembers } = wire;
  if (omission === null || withoutMembers === undefined) return null;
  if (!isGood(statusCode ?? null) || !isReadable(headers['content-encoding'])) return null;
  return (json) => {
    const left = withoutMembers(json, omission.members);
    if (left !== json) omission.happened();
    return left;
  };
}

/** The stream as its client gets it. What a reader hands on are whole events. */
export function withoutMembers(stream: StreamReader, omit: Omit): Pick<StreamReader, 'push' | 'end'> {
  const left = (events: readonly Buffer[]): readonly Buffer[] => events.map((event) => withData(event, omit));
  return { push: (chunk) => left(stream.push(chunk)), end: () => left(stream.end()) };
}
