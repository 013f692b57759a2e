import { isSecretReference, type SecretReference } from './secret.ts';
import { noteOrigin, type Origin } from './origins.ts';
import { suggest } from './suggest.ts';

/** A place in a file that is being read. What is wrong there is gathered, so that all of it is told at once. */
export interface Place extends Origin {
  /** As people write it: `projects[2].members[0].role`. */
  readonly path: string;
  fault(message: string): void;
  child(key: string | number): Place;
}

/** Reads a value, or notes a fault and answers with undefined. */
export type Read<T> = (value: unknown, place: Place) => T | undefined;

interface Field<T, Required extends boolean> {
  readonly read: Read<T>;
  readonly required: Required;
}

type Fields = Readonly<Record<string, Field<unknown, boolean>>>;

export type ReadRecord<Spec extends Fields> = {
  readonly [Name in keyof Spec]: Spec[Name] extends Field<infer T, infer Required>
    ? Required extends true
      ? T
      : T | undefined
    : never;
};

/** What a reader reads. */
export type ReadBy<R> = R extends Read<infer T> ? T : never;

export const needed = <T>(read: Read<T>): Field<T, true> => ({ read, required: true });
export const optional = <T>(read: Read<T>): Field<T, false> => ({ read, required: false });

function describe(value: unknown): string {
  if (value === null) {
    return 'nothing';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'a mapping' : JSON.stringify(value).slice(0, 80);
}

export function text(options: { readonly pattern?: RegExp; readonly what?: string; readonly most?: number } = {}) {
  const { pattern, what = 'a text', most = 1024 } = options;
  const read: Read<string> = (value, place) => {
    if (typeof value === 'string' && value.length <= most && pattern?.test(value) !== false) {
      return value;
    }
    place.fault(`expected ${what}, found ${describe(value)}`);
    return undefined;
  };
  return read;
}

/** A name; figures that YAML takes for a number are one too. */
export const name: Read<string> = (value, place) =>
  text({ pattern: /^[^\p{Cc}]{1,255}$/u, what: 'a name' })(typeof value === 'number' ? String(value) : value, place);

export const flag: Read<boolean> = (value, place) => {
  if (typeof value === 'boolean') {
    return value;
  }
  place.fault(`expected true or false, found ${describe(value)}`);
  return undefined;
};

export function integer(min: number, max: number): Read<number> {
  return (value, place) => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
      return value as number;
    }
    place.fault(`expected a whole number from ${min} to ${max}, found ${describe(value)}`);
    return undefined;
  };
}

export function choice<const C extends readonly string[]>(choices: C): Read<C[number]> {
  return (value, place) => {
    if (typeof value === 'string' && choices.includes(value)) {
      return value;
    }
    const meant = typeof value === 'string' ? suggest(value, choices) : undefined;
    const hint = meant === undefined ? `there are ${choices.join(', ')}` : `did you mean ${meant}?`;
    place.fault(`expected one of a few words, found ${describe(value)}; ${hint}`);
    return undefined;
  };
}

/** A secret by reference: `${VARIABLE}` or `{fromFile: PATH}`. One that is written out is a fault. */
export const secret: Read<SecretReference> = (value, place) => {
  const variable = typeof value === 'string' ? /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(value)?.[1] : undefined;
  if (variable !== undefined) {
    return { variable };
  }
  if (isSecretReference(value)) {
    return { fromFile: value.fromFile, beside: place.file };
  }
  place.fault('a secret is never written into the file: write ${VARIABLE} or {fromFile: PATH}');
  return undefined;
};

export function list<T>(of: Read<T>, most = 10_000): Read<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length > most) {
      place.fault(`expected a list, found ${describe(value)}`);
      return undefined;
    }
    return value.flatMap((entry: unknown, index) => of(entry, place.child(index)) ?? []);
  };
}

/** A list in which neither order nor repetition says anything. */
export function set(of: Read<string>): Read<readonly string[]> {
  const read = list(of);
  return (value, place) => {
    const entries = read(value, place);
    return entries && [...new Set(entries)].sort();
  };
}

/** A mapping to texts, whatever its keys. */
export function texts(keys: readonly string[]): Read<Readonly<Record<string, string>>> {
  return (value, place) => {
    const entries = entriesOf(value, place);
    return (
      entries &&
      Object.fromEntries(
        entries.flatMap(([key, one]) => {
          if (!isKnown(key, keys, place)) {
            return [];
          }
          const plain = typeof one === 'boolean' || typeof one === 'number' ? String(one) : one;
          const read = text()(plain, place.child(key));
          return read === undefined ? [] : [[key, read]];
        }),
      )
    );
  };
}

export function entriesOf(value: unknown, place: Place): [string, unknown][] | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value);
  }
  place.fault(`expected a mapping, found ${describe(value)}`);
  return undefined;
}

export function isKnown(key: string, known: readonly string[], place: Place): boolean {
  if (known.includes(key)) {
    return true;
  }
  const meant = suggest(key, known);
  const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
  place.child(key).fault(`there is no such key; ${hint}`);
  return false;
}

/** A mapping whose keys are known; what it does not say is undefined. */
export function record<const Spec extends Fields>(spec: Spec): Read<ReadRecord<Spec>> {
  const known = Object.keys(spec);
  return (value, place) => {
    const given = entriesOf(value, place);
    if (given === undefined) {
      return undefined;
    }
    const byKey = new Map(given.filter(([key]) => isKnown(key, known, place)));
    const read = Object.entries(spec).map(([key, field]) => {
      const one = byKey.get(key);
      if (one !== undefined && one !== null) {
        return [key, field.read(one, place.child(key))] as const;
      }
      if (field.required) {
        place.fault(`${key} is missing`);
      }
      return [key, undefined] as const;
    });
    return noteOrigin(Object.fromEntries(read) as ReadRecord<Spec>, place);
  };
}
