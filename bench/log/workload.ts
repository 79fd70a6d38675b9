/** The lines that every logger writes: about 220 bytes each, 20 steps × 4 components, in bursts of 100. */

export const LINES = Number(process.env['BENCH_LINES'] ?? 300_000);
export const STEPS = 20;
export const COMPONENTS = ['orchestrator', 'adapter', 'metrics', 'validator'] as const;
const BURST = 100;

/** Four secrets as a configuration would name them; no line holds one. */
export const SECRETS = [
  'sk-proj-9f8e7d6c5b4a39281706f5e4d3c2b1a0',
  'ghp_0123456789abcdefghijABCDEFGHIJ012345',
  'hunter2-but-much-longer-9381',
  'xoxb-2938471-aBcDeFgHiJkLmNoP',
];

export interface Line {
  readonly step: number;
  readonly component: number;
  readonly event: string;
  readonly message: string;
  readonly metadata: Record<string, unknown>;
}

const EVENTS = ['llm_call', 'process_output', 'http_check', 'log'];

function line(index: number, step: number): Line {
  return {
    step,
    component: index & 3,
    event: EVENTS[index & 3] as string,
    message: `call ${index} done`,
    metadata: { tokens: 1000 + (index & 1023) },
  };
}

/** Calls `inStep` once for each step, and `write` for every line inside; yields to the event loop between bursts. */
export async function play(
  lines: number,
  inStep: (step: number, fn: () => Promise<void>) => Promise<void>,
  write: (line: Line) => void,
): Promise<void> {
  const perStep = Math.ceil(lines / STEPS);
  for (let step = 1, index = 0; step <= STEPS; step++) {
    await inStep(step, async () => {
      for (const end = Math.min(lines, index + perStep); index < end;) {
        for (const stop = Math.min(end, index + BURST); index < stop; index++) write(line(index, step));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
  }
}

/** What stands in every line besides; stepwell adds a sequence number, its writer id is of the same length. */
export const RUN = { run_id: 'r-0123', framework: 'baes', module: 'run', writer: 'k3f9ab' };

export function readyLine(index: number): string {
  const { step, component, event, message, metadata } = line(index, 1);
  const head = { level: 'info', timestamp: new Date().toISOString(), module: RUN.module, component: COMPONENTS[component] };
  const { run_id, framework, writer } = RUN;
  return `${JSON.stringify({ ...head, run_id, framework, step, event, message, metadata, seq: index, writer })}\n`;
}
