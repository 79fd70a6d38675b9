/** Signals that ask the command line to end: the first shuts down cleanly, a later one ends at once. */
import { ExitCode } from '../errors/index.ts';

/** SIGHUP comes when the terminal is closed or the connection breaks. */
const CODES = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated, SIGHUP: ExitCode.hungUp } as const;

type EndSignal = keyof typeof CODES;
type SignalCode = (typeof CODES)[EndSignal];
const SIGNALS = Object.keys(CODES) as EndSignal[];

/** npm passes a terminal's Ctrl-C on, so that it arrives twice; only a signal after this time is a second one. */
const SECOND_AFTER_MS = 1000;

export interface Interruption extends Disposable {
  /** Aborts on the first signal; give it to `runExperiment`. */
  readonly signal: AbortSignal;
  /** What to exit with once a signal has come: 130, 143 or 129; else null. */
  readonly exitCode: SignalCode | null;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP until disposed. A second signal, at least one second after the first, exits the process at
 * once; `recover` can then finish the record.
 */
export function interruptOnSignals({
  onFirst = () => {},
  exit = (code: number): void => process.exit(code),
  now = (): number => performance.now(),
}: {
  /** Told of the first signal, to say that the run is being ended. */
  onFirst?: (signal: EndSignal) => void;
  exit?: (code: number) => void;
  now?: () => number;
} = {}): Interruption {
  const controller = new AbortController();
  let first: { code: SignalCode; at: number } | null = null;
  const take = (signal: EndSignal): void => {
    if (first !== null) {
      if (now() - first.at >= SECOND_AFTER_MS) exit(first.code);
      return;
    }
    first = { code: CODES[signal], at: now() };
    controller.abort(signal);
    onFirst(signal);
  };
  for (const signal of SIGNALS) process.on(signal, take);
  return {
    signal: controller.signal,
    get exitCode() {
      return first?.code ?? null;
    },
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, take);
    },
  };
}
