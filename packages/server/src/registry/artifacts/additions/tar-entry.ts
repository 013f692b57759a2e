const block = 512;

/** A file of a tar archive, as far as its header tells. */
interface Header {
  readonly name: string;
  readonly size: number;
  readonly isFile: boolean;
}

/**
 * The first file of a tar archive whose name is wanted; undefined when there is none. Reads no further than that, and at
 * most `mostBytes` of the archive; a file longer than `largest` counts as not there. Throws nothing of its own.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (ustar interchange format)
 */
export async function findTarEntry(
  archive: AsyncIterable<Uint8Array>,
  isWanted: (name: string) => boolean,
  { largest, mostBytes }: { readonly largest: number; readonly mostBytes: number },
): Promise<Uint8Array | undefined> {
  const reader = createReader(archive, mostBytes);
  for (;;) {
    const head = await reader.take(block);
    const header = head && readHeader(head);
    if (header === undefined) return undefined;
    if (header.isFile && isWanted(header.name)) {
      return header.size <= largest ? reader.take(header.size) : undefined;
    }
    if (!(await reader.skip(Math.ceil(header.size / block) * block))) return undefined;
  }
}

function createReader(archive: AsyncIterable<Uint8Array>, mostBytes: number) {
  const chunks = archive[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let read = 0;

  /** Has the next bytes in `rest`; false at the end. */
  async function fill(): Promise<boolean> {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return false;
      rest = next.value;
      read += rest.length;
      if (read > mostBytes) return false;
    }
    return true;
  }

  return {
    async take(length: number): Promise<Uint8Array | undefined> {
      const taken = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        if (!(await fill())) return undefined;
        const part = rest.subarray(0, length - at);
        taken.set(part, at);
        at += part.length;
        rest = rest.subarray(part.length);
      }
      return taken;
    },
    async skip(length: number): Promise<boolean> {
      for (let left = length; left > 0; ) {
        if (!(await fill())) return false;
        const part = Math.min(left, rest.length);
        rest = rest.subarray(part);
        left -= part;
      }
      return true;
    },
  };
}

function readHeader(bytes: Uint8Array): Header | undefined {
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0[^]*$/, '');
  const size = /^\s*([0-7]+)\s*$/.exec(text(124, 12))?.[1];
  // Two blocks of zeros end an archive; a size in another notation is of a file larger than any that is wanted.
  if (size === undefined || text(0, 100) === '') return undefined;
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const type = text(156, 1);
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    size: Number.parseInt(size, 8),
    isFile: type === '' || type === '0',
  };
}
