/** The words of the format itself: names of fields and events, and the values that enumerations allow. */
import { z } from 'zod';
import { COMPONENTS } from './component.ts';
import { EVENT_METADATA } from './events.ts';
import { PUBLISHED_SCHEMAS } from './published.ts';

let words: ReadonlySet<string> | null = null;

/** Every word that stepwell's own files use by themselves, whatever an experiment is about. */
export function formatWords(): ReadonlySet<string> {
  if (words !== null) return words;
  const found = new Set<string>([...COMPONENTS, ...Object.keys(EVENT_METADATA)]);
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties') for (const name of Object.keys(value as object)) found.add(name);
      if (key === 'enum') for (const name of value as unknown[]) found.add(String(name));
      if (key === 'const') found.add(String(value));
      visit(value);
    }
  };
  for (const { schema } of Object.values(PUBLISHED_SCHEMAS)) visit(z.toJSONSchema(schema, { unrepresentable: 'any' }));
  for (const schema of Object.values(EVENT_METADATA)) visit(z.toJSONSchema(schema, { unrepresentable: 'any' }));
  words = found;
  return words;
}
