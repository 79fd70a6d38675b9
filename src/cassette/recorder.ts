/** Writes a run's exchanges to its cassette, one line each, as they end. */
import { join } from 'node:path';
import { getLogger } from '../log/index.ts';
import type { Exchange, ExchangeRecorder } from '../meter/index.ts';
import { toSeconds, type CassetteExchange, type EventMetadata } from '../schema/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { CASSETTE_FILE, realDisk, type Disk } from '../store/index.ts';
import { createNormalizer } from './normalize.ts';
import { createSubstitutions, type RunIdentity } from './substitutions.ts';

const MIB = 1024 * 1024;
const MAX_BYTES = 8 * MIB;
const MAX_TOTAL_BYTES = 256 * MIB;
const KEPT_HEADERS = new Set(['content-type', 'x-request-id', 'request-id']);

export interface RecorderOptions extends RunIdentity {
  /** The run's redactor: secrets that it knows never reach the cassette. */
  readonly redactor: Redactor;
  /** Limit for one request body and for one response body. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Limit for the file. Default 256 MiB. */
  readonly maxTotalBytes?: number;
  readonly disk?: Disk;
}

/** Disposing it syncs the file and records what could not be stored; call it in the run's log scope. */
interface Recorder extends ExchangeRecorder, AsyncDisposable {}

type Omission = 'too_large' | 'cassette_full' | 'not_held' | 'unwritable' | 'secret';

const OMISSION_TEXT: Record<Omission, string> = {
  too_large: 'larger than the limit of an exchange',
  cassette_full: 'the cassette had reached its limit',
  not_held: 'the request was too large to be held, or could not be unpacked',
  unwritable: 'the cassette could not be written',
  secret: 'bytes that hold a secret',
};

/** Creates the cassette of a run. Errors never affect the run: what is missing is reported on disposal. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { maxBytes = MAX_BYTES, maxTotalBytes = MAX_TOTAL_BYTES } = options;
  const log = getLogger('cassette', { component: 'orchestrator' });
  const normalizer = createNormalizer(options.redactor, createSubstitutions(options));
  const file = new LineFile(join(options.runDir, CASSETTE_FILE), options.disk ?? realDisk);
  const omissions = new Map<Omission, number>();
  const countOmission = (omission: Omission): void => void omissions.set(omission, (omissions.get(omission) ?? 0) + 1);
  let index = 0;

  function lineOf(exchange: Exchange): { line: CassetteExchange; omission: Omission | null } {
    const { request, body, complete, streamed } = exchange;
    const storedRequest = request === null ? null : normalizer.request(request);
    const full = file.bytes + (request?.length ?? 0) + body.length > maxTotalBytes;
    const oversized = exchange.oversized || body.length > maxBytes;
    const storedResponse = full || oversized ? null : normalizer.response(body, { streamed, complete });
    const requestFits = !full && (request?.length ?? 0) <= maxBytes;
    const line = {
      index,
      wire: exchange.wire,
      method: exchange.method,
      path: normalizer.text(exchange.path),
      step: exchange.step,
      attempt: exchange.attempt,
      request_sha256: storedRequest?.sha256 ?? null,
      request: requestFits ? (storedRequest?.content ?? null) : null,
      status: exchange.status,
      headers: Object.fromEntries(
        Object.entries(exchange.headers)
          .filter(([name]) => KEPT_HEADERS.has(name))
          .map(([name, value]) => [name, normalizer.text(value)]),
      ),
      body: storedResponse,
      complete: complete && storedResponse !== null,
      streamed,
      duration_seconds: toSeconds(exchange.durationMs),
    } satisfies CassetteExchange;
    return {
      line,
      omission: omissionOf({ full, oversized, storedResponse: storedResponse !== null, storedRequest: storedRequest !== null }),
    };
  }

  return {
    maxBytes,
    record(exchange) {
      index += 1;
      const { line, omission } = lineOf(exchange);
      const written = file.append(Buffer.from(`${JSON.stringify(line)}\n`));
      if (!written) countOmission('unwritable');
      else if (omission !== null) countOmission(omission);
    },
    async [Symbol.asyncDispose]() {
      const durable = file.close();
      const exchanges = [...omissions.values()].reduce((sum, count) => sum + count, 0);
      if (exchanges === 0 && durable) return;
      const reasons = [...omissions].map(([omission, count]) => `${count} × ${OMISSION_TEXT[omission]}`);
      if (!durable) reasons.push(`${CASSETTE_FILE} could not be synced to the disk`);
      log.warn(`The cassette is incomplete: ${reasons.join('; ')}`, {
        event: 'cassette_incomplete',
        metadata: { exchanges, reason: reasons.join('; ') } satisfies EventMetadata<'cassette_incomplete'>,
      });
    },
  };
}

function omissionOf(kept: {
  full: boolean;
  oversized: boolean;
  storedResponse: boolean;
  storedRequest: boolean;
}): Omission | null {
  if (kept.full) return 'cassette_full';
  if (kept.oversized) return 'too_large';
  if (!kept.storedResponse) return 'secret';
  return kept.storedRequest ? null : 'not_held';
}

const NEWLINE = Buffer.from('\n');

/** A file to which complete lines are appended, each by one write before the call returns, so that a killed process loses none. */
class LineFile {
  readonly #disk: Disk;
  #fd: number | null = null;
  /** True when the file ends in an incomplete line. */
  #torn = false;
  #bytes = 0;

  /** Creates the file. If that fails, `append` returns false for every line. */
  constructor(path: string, disk: Disk) {
    this.#disk = disk;
    try {
      this.#fd = disk.open(path);
    } catch {
      // Every line will be counted as not written.
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a line with its newline; false when it was not written completely. */
  append(line: Buffer): boolean {
    if (this.#fd === null) return false;
    try {
      // Readers skip the fragment.
      if (this.#torn) this.#write(this.#fd, NEWLINE);
      this.#write(this.#fd, line);
      return true;
    } catch {
      return false;
    }
  }

  /** True when everything appended is durable. */
  close(): boolean {
    if (this.#fd === null) return false;
    const fd = this.#fd;
    this.#fd = null;
    try {
      this.#disk.sync(fd);
      return true;
    } catch {
      return false;
    } finally {
      this.#disk.close(fd);
    }
  }

  #write(fd: number, bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      const wrote = this.#disk.write(fd, bytes, done, bytes.length - done);
      done += wrote;
      this.#bytes += wrote;
      this.#torn = done < bytes.length;
      if (wrote === 0) throw new Error('the disk takes nothing');
    }
  }
}
