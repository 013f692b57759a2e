import type { Readable } from 'node:stream';

export interface ObjectEntry {
  readonly name: string;
  readonly size: number;
}

/**
 * Named objects in a folder or a bucket. Names are parts of `[A-Za-z0-9._-]` with slashes between them. An object is there
 * whole or not at all.
 */
export interface ObjectFolder extends AsyncDisposable {
  /** What it is, for people, without credentials. */
  readonly description: string;
  /** Writes or replaces an object; its bytes are safe when this resolves, its name after `flush`. */
  write(name: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes the names of what was written safe. */
  flush(): Promise<void>;
  /** Rejects with `object-not-found` when there is no such object. */
  read(name: string): Promise<Readable>;
  stat(name: string): Promise<{ readonly size: number } | undefined>;
  /** Those whose names begin with the prefix, a folder with its slash; in no order. */
  list(prefix: string): AsyncIterable<ObjectEntry>;
  /** Silent when there is no such object. */
  remove(name: string): Promise<void>;
  /** The file that an object is, where objects are files of this machine. */
  pathOf?(name: string): string;
}
