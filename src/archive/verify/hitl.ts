/** hitl_events.jsonl: answers against their digests, and against what the logs recorded. */
import { createHash } from 'node:crypto';
import { HitlEvent } from '../../schema/index.ts';
import { HITL_FILE } from '../../store/index.ts';
import type { Differences } from './report.ts';

/** @param logged SHA-1 of each answer, as the logs have it. */
export function checkHitl(differences: Differences, text: string | null, logged: readonly string[]): void {
  const kept: string[] = [];
  for (const [index, line] of (text ?? '').split('\n').entries()) {
    if (line === '') continue;
    const item = `${HITL_FILE} line ${index + 1}`;
    differences.count('hitl_events');
    let event: HitlEvent;
    try {
      event = HitlEvent.parse(JSON.parse(line));
    } catch {
      differences.add(item, 'a clarification', line.slice(0, 200));
      continue;
    }
    kept.push(event.response_sha1);
    // An answer that held a secret was redacted after its digest was taken; only its length tells.
    if (event.response.length !== event.response_length) continue;
    differences.compare(`${item} response_sha1`, event.response_sha1, createHash('sha1').update(event.response).digest('hex'));
  }
  if (kept.toSorted().join() !== logged.toSorted().join()) {
    differences.add(`${HITL_FILE} answers`, kept.join(' ') || 'none', `in the logs: ${logged.join(' ') || 'none'}`);
  }
}
