/** Writes schemas/: one JSON Schema for each published shape. Type `node scripts/generate-schema.ts` after changing src/schema. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedSchema } from '../src/schema.ts';
import { jsonSchemaText, PUBLISHED_SCHEMAS } from '../src/schema.ts';

const directory = join(import.meta.dirname, '../schemas');
mkdirSync(directory, { recursive: true });
for (const name of Object.keys(PUBLISHED_SCHEMAS) as PublishedSchema[]) {
  writeFileSync(join(directory, `${name}.schema.json`), jsonSchemaText(name));
}
