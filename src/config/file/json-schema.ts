/** The JSON Schema of experiment.yaml, with the keys of each adapter, for completion in editors. */
import { z } from 'zod';
import { jsonSchemaText, type JsonSchema } from '../../schema/index.ts';
import { frameworkSchema, settingsOf, type AdapterTable } from '../frameworks.ts';

const definition = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });

/** The text of `schemas/experiment.schema.json`. */
export function experimentSchemaText(table: AdapterTable): string {
  const names = Object.keys(table);
  const named = (adapter: JsonSchema): JsonSchema => ({ properties: { adapter }, required: ['adapter'] });
  return jsonSchemaText('experiment', (schema) => {
    const properties = schema.properties!;
    const { description = '', additionalProperties } = properties['frameworks'] as JsonSchema;
    const everyFramework = additionalProperties as JsonSchema;
    const adapter = { ...(everyFramework.properties!['adapter'] as JsonSchema), examples: names };
    const shapes = names.map((name) => [`framework_${name}`, shapeOf(name, table)] as const);
    return {
      ...schema,
      properties: {
        ...properties,
        frameworks: {
          description,
          type: 'object',
          // The name of a framework is that of its adapter where it names none.
          properties: Object.fromEntries(
            names.map((name) => [
              name,
              {
                description: `A framework that uses the adapter ${name}, unless its key adapter names another.`,
                if: { required: ['adapter'] },
                then: definition('framework'),
                else: definition(`framework_${name}`),
              },
            ]),
          ),
          additionalProperties: definition('framework'),
        },
      },
      $defs: {
        framework: {
          description: 'A framework. Which keys it may have depends on its adapter.',
          allOf: [
            ...names.map((name) => ({ if: named({ const: name }), then: definition(`framework_${name}`) })),
            // A custom adapter, or a name still being typed.
            { if: { not: named({ enum: names }) }, then: definition('framework_of_unknown_adapter') },
          ],
        },
        ...Object.fromEntries(shapes),
        framework_of_unknown_adapter: shapeOf(null, table),
        every_framework: { ...everyFramework, properties: { ...everyFramework.properties, adapter } },
      },
    };
  });
}

/** Keys that every framework has are referenced. @param name null for an adapter that is not in the table */
function shapeOf(name: string | null, table: AdapterTable): JsonSchema {
  const { keys } = settingsOf(name ?? '', table);
  const { $schema: _, ...shape } = z.toJSONSchema(frameworkSchema({ keys }), { io: 'input' });
  const properties = Object.entries(shape.properties ?? {}).map(([key, value]): [string, JsonSchema] => {
    if (Object.hasOwn(keys, key)) return [key, value as JsonSchema];
    const { description = '' } = value as JsonSchema;
    return [key, { description, $ref: `#/$defs/every_framework/properties/${key}` }];
  });
  return { ...shape, properties: Object.fromEntries(properties) };
}
