/** Durations and times, in UTC. */
import { UNKNOWN } from './numbers.ts';

/**
 * Seconds as `4.2s`, `1m 5s` or `2h 7m`. Rounded before it is split into units: to tenths below ten seconds, to whole seconds
 * below an hour, to whole minutes above. The JSON output has the exact number.
 *
 * @example duration(119.7) === '2m 0s'
 */
export function formatDuration(seconds: number | null | undefined, absent = UNKNOWN): string {
  if (seconds === null || seconds === undefined) return absent;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** `2025-10-20T14:23:45Z`: an ISO timestamp without its milliseconds. */
export function formatIsoSeconds(timestamp: string | null, absent = UNKNOWN): string {
  return timestamp === null ? absent : timestamp.replace(/\.\d+Z$/, 'Z');
}

/** `2026-11-22 14:15:03`, from an ISO timestamp or Unix milliseconds; an invalid time is shown unchanged. */
export function formatUtc(time: string | number | null | undefined, absent = UNKNOWN): string {
  if (time === null || time === undefined) return absent;
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? String(time) : at.toISOString().slice(0, 19).replace('T', ' ');
}
