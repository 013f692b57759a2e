import { z } from 'zod';

/** A JSON schema (draft 2020-12) as data. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export interface SchemaCollector {
  /** The schema as an OpenAPI document writes it: named parts become references to components. */
  toJson(schema: z.ZodType): JsonSchema;
  /** The named parts of everything asked so far, by name. */
  readonly components: ReadonlyMap<string, JsonSchema>;
}

/**
 * Turns the zod schemas of records into JSON schemas. A schema with an id (`.meta({ id })`) is written once, as a
 * component. Fails when two different schemas bear the same id, and on what JSON Schema cannot say (`transform`, dates).
 */
export function createSchemaCollector(): SchemaCollector {
  const components = new Map<string, JsonSchema>();

  function add(name: string, schema: JsonSchema): void {
    const known = components.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`Two different schemas bear the id ${name}.`);
    }
    components.set(name, schema);
  }

  return {
    components,
    toJson(schema) {
      // As a client writes it: what has a default may be left out, and more fields may come one day.
      const { $schema: _, $defs, ...json } = z.toJSONSchema(schema, { io: 'input', override: tidy }) as JsonSchema;
      for (const [name, part] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>)) {
        const { id: _id, ...own } = part;
        add(name, pointToComponents(own) as JsonSchema);
      }
      return pointToComponents(json) as JsonSchema;
    },
  };
}

/** Leaves out what says nothing more: the bounds of every whole number, the pattern of a time, a long "or null". */
function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema['type'] === 'integer') {
    if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
    if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) {
      delete jsonSchema['maximum'];
      jsonSchema['format'] = 'int64';
    }
  }
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  const either = jsonSchema['anyOf'];
  if (!Array.isArray(either) || either.length !== 2 || either[1].type !== 'null') return;
  const { type, enum: words, ...rest } = either[0] as Record<string, unknown>;
  if (typeof type !== 'string') return;
  delete jsonSchema['anyOf'];
  Object.assign(jsonSchema, { type: [type, 'null'] }, rest);
  if (Array.isArray(words)) jsonSchema['enum'] = [...words, null];
}

function pointToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointToComponents);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : pointToComponents(inner),
    ]),
  );
}
