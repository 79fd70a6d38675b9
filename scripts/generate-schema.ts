/**
 * Writes schemas/: one JSON Schema for each published shape. Type `node scripts/generate-schema.ts` after changing src/schema or
 * the keys of a framework.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { experimentSchemaText } from '../src/config/index.ts';
import { adapters } from '../src/frameworks/index.ts';
import type { PublishedSchema } from '../src/schema/index.ts';
import { jsonSchemaText, PUBLISHED_SCHEMAS } from '../src/schema/index.ts';

const directory = join(import.meta.dirname, '../schemas');
mkdirSync(directory, { recursive: true });
for (const name of Object.keys(PUBLISHED_SCHEMAS) as PublishedSchema[]) {
  const text = name === 'experiment' ? experimentSchemaText(adapters) : jsonSchemaText(name);
  writeFileSync(join(directory, `${name}.schema.json`), text);
}
