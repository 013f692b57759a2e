import type { z } from 'zod';

/**
 * Query text as the record's schema wants it: numbers and flags are read from their text, a parameter that may come
 * several times becomes a list. What does not read as such stays text, for the schema to refuse by name.
 */
export function decodeQuery(schema: z.ZodObject, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const raw = given[name];
    // A parameter that is there without a value says nothing, as clients of Harbor send them.
    if (raw === undefined || raw === '') continue;
    const kind = kindOf(field as z.ZodType);
    const values = (Array.isArray(raw) ? raw : [raw]).map((text) => decode(kind === 'array' ? 'string' : kind, text));
    decoded[name] = kind === 'array' ? values : values.at(-1);
  }
  return decoded;
}

function decode(kind: string, text: unknown): unknown {
  if (kind === 'number' && typeof text === 'string' && /^-?\d{1,16}$/.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === '1')) return true;
  if (kind === 'boolean' && (text === 'false' || text === '0')) return false;
  return text;
}

/** The type behind optional, nullable and default. */
function kindOf(field: z.ZodType): string {
  const { def } = field as unknown as { def: { type: string; innerType?: z.ZodType } };
  return def.innerType === undefined ? def.type : kindOf(def.innerType);
}
