import type { JsonSchema } from '@entrepot/contract/openapi-schemas';
import { type Html, html } from './html.ts';

const componentPrefix = '#/components/schemas/';

export const schemaAnchor = (name: string): string => `schema-${name}`;

/** What a value is, in a few words: its type, with links to the schemas it consists of, and its bounds. */
export function describeType(schema: JsonSchema): Html {
  const { $ref, type, items, anyOf, const: only, additionalProperties } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice(componentPrefix.length);
    return html`<a href="#${schemaAnchor(name)}">${name}</a>`;
  }
  if (Array.isArray(anyOf)) {
    return html`${anyOf.map((one: JsonSchema, index) => html`${index > 0 && ' or '}${describeType(one)}`)}`;
  }
  if (only !== undefined) return html`<code>${JSON.stringify(only)}</code>`;
  const types = (Array.isArray(type) ? type : [type ?? 'anything']).map(String);
  const words = types.map((name, index) => {
    const or = index > 0 && ' or ';
    if (name === 'array' && isSchema(items)) return html`${or}list of ${describeType(items)}`;
    if (name === 'object' && isSchema(additionalProperties)) {
      return html`${or}map of ${describeType(additionalProperties)}`;
    }
    return html`${or}${name}`;
  });
  return html`${words}${bounds(schema)}`;
}

/** The fields of an object, those of objects within it below. Nothing where it is no object. */
export function describeFields(schema: JsonSchema): Html | undefined {
  const { properties } = objectWithin(schema) ?? {};
  if (!isSchema(properties)) return undefined;
  return html`<table>
<thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${fieldRows(schema, '')}</tbody>
</table>`;
}

function fieldRows(schema: JsonSchema, prefix: string): Html[] {
  const { properties = {}, required = [] } = (objectWithin(schema) ?? {}) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const needed = required.includes(name) && html` <span class="mark">required</span>`;
    const row = html`<tr><th scope="row"><code>${path}</code>${needed}</th><td>${describeType(field)}</td><td>${meaningOf(field)}</td></tr>
`;
    const within = objectWithin(field);
    const step = within === field || within === undefined ? '.' : '[].';
    return [row, ...(within === undefined ? [] : fieldRows(within, `${path}${step}`))];
  });
}

/** An object that is written out here: the schema itself, or what its list is of. */
function objectWithin(schema: JsonSchema): JsonSchema | undefined {
  if (isSchema(schema['properties'])) return schema;
  return isSchema(schema['items']) ? objectWithin(schema['items']) : undefined;
}

export function meaningOf({ description, default: fallback }: JsonSchema): Html {
  return html`${typeof description === 'string' && description}${fallback !== undefined && html` Unless given: <code>${JSON.stringify(fallback)}</code>.`}`;
}

function bounds({ enum: words, format, ...rest }: JsonSchema): Html {
  const said: Html[] = [];
  if (Array.isArray(words)) {
    said.push(html`: ${words.map((word, index) => html`${index > 0 && ', '}<code>${JSON.stringify(word)}</code>`)}`);
  }
  if (typeof format === 'string' && format !== 'int64') said.push(html` (${format})`);
  const range = (least: string, most: string, what: string) => {
    const [from, to] = [rest[least], rest[most]];
    if (typeof from === 'number' && typeof to === 'number') said.push(html`, ${from} to ${to}${what}`);
    else if (typeof from === 'number') said.push(html`, at least ${from}${what}`);
    else if (typeof to === 'number') said.push(html`, at most ${to}${what}`);
  };
  range('minimum', 'maximum', '');
  range('minLength', 'maxLength', ' characters');
  range('minItems', 'maxItems', ' entries');
  return html`${said}`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
