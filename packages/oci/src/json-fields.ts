import { ManifestError } from './manifest-error.ts';
import { quoteForMessage } from './name-error.ts';

/** A JSON object, as strict JSON yields it. */
export type JsonObject = Readonly<Record<string, unknown>>;

function fail(field: string, expected: string): never {
  throw new ManifestError('shape', `${field} must be ${expected}`);
}

/** The value as an object. Throws ManifestError naming the field. */
export function readObject(value: unknown, field: string): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : fail(field, 'an object');
}

/** The value as text; absent and null are undefined. Throws ManifestError naming the field. */
export function readOptionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  return typeof value === 'string' ? value : fail(field, 'a string');
}

/** The value as a list; null is empty, as Go writes an empty list. Throws ManifestError naming the field. */
export function readList(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  return Array.isArray(value) ? value : fail(field, 'an array');
}

/** The value as a list of texts, as `readList` reads lists. Throws ManifestError naming the field. */
export function readTexts(value: unknown, field: string): readonly string[] {
  return readList(value, field).map((entry, place) =>
    typeof entry === 'string' ? entry : fail(`${field}[${place}]`, 'a string'),
  );
}

/**
 * The value as a map of texts; absent and null are undefined. Throws ManifestError naming the field.
 * @see https://github.com/opencontainers/image-spec/blob/main/annotations.md#rules
 */
export function readAnnotations(value: unknown, field: string): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const entries = readObject(value, field);
  for (const key of Object.keys(entries)) {
    if (typeof entries[key] !== 'string') {
      fail(`${field}[${quoteForMessage(key)}]`, 'a string');
    }
  }
  return entries as Readonly<Record<string, string>>;
}

/** Folds a key as readers do that match names without regard to case, the long s and the Kelvin sign included. */
function foldCase(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/**
 * Refuses keys that differ from a known name only in case: readers that ignore case would take them for that name
 * and see another manifest than we do. Throws ManifestError naming the key.
 */
export function refuseLookalikes(object: JsonObject, known: ReadonlyMap<string, string>, field: string): void {
  for (const key of Object.keys(object)) {
    const meant = key.length <= 20 ? known.get(foldCase(key)) : undefined;
    if (meant !== undefined && meant !== key) {
      throw new ManifestError(
        'shape',
        `${field} holds the key ${quoteForMessage(key)}, which some take for "${meant}"`,
      );
    }
  }
}

/** The known names by their folded form, for `refuseLookalikes`. Never fails. */
export function namesByFoldedCase(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [foldCase(name), name]));
}
