/** SIGINT and SIGTERM for the command line: the first ends in good order, a later one at once. */
import { ExitCode } from '../errors.ts';

const CODES = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated } as const;

/** npm passes a terminal's Ctrl-C on, so that it arrives twice; only a signal after this time is a second one. */
const SECOND_AFTER_MS = 1000;

export interface Interruption extends Disposable {
  /** Aborts on the first signal; give it to `runExperiment`. */
  readonly signal: AbortSignal;
  /** What to exit with: 130 or 143 once a signal has come, else null. */
  readonly exitCode: 130 | 143 | null;
}

/**
 * Listens for SIGINT and SIGTERM until disposed. A second signal, at least one second after the first, exits the process at
 * once; `recover` can then finish the record.
 */
export function interruptOnSignals({
  onFirst = () => {},
  exit = (code: number): void => process.exit(code),
  now = (): number => performance.now(),
}: {
  /** Told of the first signal, to say that the run is being ended. */
  onFirst?: (signal: 'SIGINT' | 'SIGTERM') => void;
  exit?: (code: number) => void;
  now?: () => number;
} = {}): Interruption {
  const controller = new AbortController();
  let first: { code: 130 | 143; at: number } | null = null;
  const take = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (first !== null) {
      if (now() - first.at >= SECOND_AFTER_MS) exit(first.code);
      return;
    }
    first = { code: CODES[signal], at: now() };
    controller.abort(signal);
    onFirst(signal);
  };
  process.on('SIGINT', take);
  process.on('SIGTERM', take);
  return {
    signal: controller.signal,
    get exitCode() {
      return first?.code ?? null;
    },
    [Symbol.dispose]() {
      process.off('SIGINT', take);
      process.off('SIGTERM', take);
    },
  };
}
