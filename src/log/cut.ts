/** Makes a record fit its limit. */
import type { Plain } from './plain.ts';

/** How many characters of a string, items of a list and names of an object are kept, tried in turn. */
const LIMITS = [65_536, 16_384, 4096, 1024, 256, 64, 16];

export function jsonBytes(value: Plain): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The longest beginning of `text` whose JSON takes at most `maxBytes` bytes. */
export function cutText(text: string, maxBytes: number): string {
  let kept = text.slice(0, Math.max(0, maxBytes - 2));
  for (let bytes = jsonBytes(kept); bytes > maxBytes && kept !== ''; bytes = jsonBytes(kept)) {
    kept = kept.slice(0, Math.min(kept.length - 1, Math.floor((kept.length * maxBytes) / bytes)));
  }
  const last = kept.charCodeAt(kept.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? kept.slice(0, -1) : kept;
}

/** `value` with long strings, lists and objects shortened until its JSON takes at most `maxBytes` bytes. */
export function cutValue(value: { [name: string]: Plain }, maxBytes: number): { [name: string]: Plain } {
  if (jsonBytes(value) <= maxBytes) return value;
  for (const limit of LIMITS) {
    const kept = shortened(value, limit) as { [name: string]: Plain };
    if (jsonBytes(kept) <= maxBytes) return kept;
  }
  return { cut: cutText(JSON.stringify(value), maxBytes - 16) };
}

function shortened(value: Plain, limit: number): Plain {
  if (typeof value === 'string') return value.length <= limit ? value : value.slice(0, limit).toWellFormed();
  if (Array.isArray(value)) return value.slice(0, limit).map((item) => shortened(item, limit));
  if (typeof value !== 'object' || value === null) return value;
  const out: { [name: string]: Plain } = Object.create(null);
  for (const [name, item] of Object.entries(value).slice(0, limit)) out[name.slice(0, limit)] = shortened(item, limit);
  return out;
}
