/** The shapes that other programs read or write, as JSON Schema: `schemas/` and `stepwell schema`. */
import { z } from 'zod';
import { CassetteExchange } from './cassette.ts';
import { ExperimentConfig } from './config.ts';
import { FrameworkEvent, HitlEvent } from './framework-event.ts';
import { RunsManifest } from './manifest.ts';
import { RunMetadata } from './metadata.ts';
import { RunMetrics } from './metrics.ts';
import { EVENT_METADATA } from './events.ts';
import { LogRecord } from './record.ts';
import { COMPONENTS } from './vocabulary.ts';

interface Published {
  readonly schema: z.ZodType;
  readonly title: string;
  /** `input`: as a person writes it, with defaults left out. `output`: as stepwell writes it. */
  readonly io: 'input' | 'output';
}

/** The published shapes by name: `record` is the one of `schemas/record.schema.json`. */
export const PUBLISHED_SCHEMAS = {
  experiment: { schema: ExperimentConfig, title: 'experiment.yaml of stepwell', io: 'input' },
  record: { schema: LogRecord, title: 'A line of a log file of stepwell', io: 'output' },
  metadata: { schema: RunMetadata, title: 'metadata.json of a run', io: 'output' },
  metrics: { schema: RunMetrics, title: 'metrics.json of a run', io: 'output' },
  manifest: { schema: RunsManifest, title: 'runs_manifest.json', io: 'output' },
  'cassette-exchange': { schema: CassetteExchange, title: 'A line of cassette.jsonl', io: 'output' },
  'framework-event': { schema: FrameworkEvent, title: 'A line of the file that STEPWELL_EVENTS names', io: 'input' },
  'hitl-event': { schema: HitlEvent, title: 'A line of hitl_events.jsonl', io: 'output' },
} as const satisfies Record<string, Published>;

/** Name of a published shape, such as `record`. */
export type PublishedSchema = keyof typeof PUBLISHED_SCHEMAS;

/** A JSON Schema (draft 2020-12) as an object. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The text of `schemas/<name>.schema.json`. @param completed adds what this area does not know */
export function jsonSchemaText(name: PublishedSchema, completed = (schema: JsonSchema): JsonSchema => schema): string {
  const { schema, title, io } = PUBLISHED_SCHEMAS[name];
  const { $schema, ...rest } = completed(z.toJSONSchema(schema, { io }));
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}

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
