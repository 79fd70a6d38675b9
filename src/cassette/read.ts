/** Reads a cassette. Lines that are not valid exchanges are reported and skipped. */
import { StepwellError } from '../errors/index.ts';
import { CassetteExchange, parseJson } from '../schema/index.ts';
import { CASSETTE_FILE, LineSplitter, type RawLine, type RunSource } from '../store/index.ts';
import { cassetteError } from './errors.ts';

/** Large enough for any exchange that the recorder writes, however many escapes it needs. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

interface DamagedExchange {
  /** Line number, from 1. */
  readonly line: number;
  /** A phrase for people: `cut off`. */
  readonly reason: string;
}

export interface Cassette {
  /** The run that was recorded. */
  readonly runId: string;
  readonly exchanges: readonly CassetteExchange[];
  /** Lines that could not be read: the last one, where the recording process was killed. */
  readonly damaged: readonly DamagedExchange[];
}

/**
 * The cassette of a run, from its directory or its archive.
 *
 * @throws CASSETTE_MISSING; CASSETTE_UNREADABLE when none of its lines can be read
 */
export async function readCassette(source: RunSource, runId: string): Promise<Cassette> {
  const exchanges: CassetteExchange[] = [];
  const damaged: DamagedExchange[] = [];
  const read = (line: RawLine | null): void => {
    if (line === null || line.text === '') return;
    const exchange = exchangeOf(line);
    if (typeof exchange === 'string') damaged.push({ line: line.number, reason: exchange });
    else exchanges.push(exchange);
  };
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  try {
    for await (const chunk of source.stream(CASSETTE_FILE)) splitter.push(chunk).forEach(read);
  } catch (error) {
    if (!(error instanceof StepwellError) || error.code !== 'RUN_FILE_MISSING') throw error;
    throw cassetteError('CASSETTE_MISSING', { runId, location: source.location }, { cause: error });
  }
  read(splitter.end());
  const [first] = damaged;
  if (exchanges.length === 0 && first !== undefined) {
    const facts = { runId, location: source.location, lines: damaged.length, reason: first.reason };
    throw cassetteError('CASSETTE_UNREADABLE', facts);
  }
  return { runId, exchanges, damaged };
}

/** The exchange, or what is wrong with the line. */
function exchangeOf({ text, terminated }: RawLine): CassetteExchange | string {
  if (text === null) return `longer than ${MAX_LINE_BYTES / 1024 / 1024} MiB`;
  const value = parseJson(text);
  if (value === undefined) return terminated ? 'not JSON' : 'cut off';
  const parsed = CassetteExchange.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `no exchange: ${(issue?.path ?? []).map(String).join('.')}: ${issue?.message ?? 'invalid'}`;
}
