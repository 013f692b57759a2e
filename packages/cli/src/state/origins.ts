/** Where in the files something stands. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

const origins = new WeakMap<object, Origin>();

/** Notes where an entry was read. Never fails. */
export function noteOrigin<T extends object>(entry: T, origin: Origin): T {
  origins.set(entry, origin);
  return entry;
}

/** Where an entry was read, as `team.yaml:12`; undefined for one that comes from no file. Never fails. */
export function originOf(entry: object): string | undefined {
  const origin = origins.get(entry);
  return origin && `${origin.file}:${origin.line}`;
}
