/** Figures in words. No locale has a say: the same run gives the same bytes everywhere. */

export const UNKNOWN = 'unknown';

/**
 * Seconds as `Ns`, `Xm Ys` or `Xh Ym`. Rounded before it is split: to tenths below ten seconds, to whole seconds below an
 * hour, to whole minutes above. The exact figure is in the JSON.
 *
 * @example duration(119.7) === '2m 0s'
 */
export function duration(seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/** Bytes as `B`, `KB`, `MB` or `GB` of 1024, with one decimal. */
export function size(bytes: number | null): string {
  if (bytes === null) return UNKNOWN;
  let [value, unit] = [bytes, 0];
  // 1023.95 would print as 1024.0 of the smaller unit.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit] ?? 'GB'}`;
}

export function figure(value: number | null): string {
  return value === null ? UNKNOWN : String(value);
}

/** To the second, as the user's own summaries have it: `2025-10-20T14:23:45Z`. */
export function time(timestamp: string | null): string {
  return timestamp === null ? UNKNOWN : timestamp.replace(/\.\d+Z$/, 'Z');
}

/** A share of a whole, with one decimal; 100.0% only when nothing is missing. */
export function percent(part: number | null, whole: number | null): string {
  if (part === null || whole === null || whole === 0) return UNKNOWN;
  return `${part === whole ? '100.0' : Math.min(99.9, (part / whole) * 100).toFixed(1)}%`;
}

export function dollars(nano: number | null): string {
  return nano === null ? UNKNOWN : `$${(nano / 1e9).toFixed(6)}`;
}

/** `1 call`, `2 calls`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `3 of 4`; unknown when either is. */
export function outOf(part: number | null, whole: number | null): string {
  return part === null || whole === null ? UNKNOWN : `${part} of ${whole}`;
}

/** `step_003` and `Step 003` use the same digits. */
export function stepNumber(step: number): string {
  return String(step).padStart(3, '0');
}

/** prompt / completion / total. */
export function tokens(input: number | null, output: number | null): string {
  const total = input === null || output === null ? null : input + output;
  return `${figure(input)} / ${figure(output)} / ${figure(total)}`;
}
