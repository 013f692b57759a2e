/** Gathers the bytes of one part. */
export interface PartBuffer {
  /** Takes as much of the chunk as fits and returns how much that was. */
  add(chunk: Uint8Array): number;
  readonly size: number;
  readonly isFull: boolean;
  /** The gathered bytes; valid until the memory is used again. */
  bytes(): Uint8Array;
  /** The memory, to be given to the next buffer when the bytes are stored. */
  memory(): Buffer;
}

/** A small blob does not cost the memory of a whole part: it grows in these steps and then to the full size. */
const steps = [64 * 1024, 1024 * 1024];

/** Makes a buffer for a part of this size, in memory that is free again when there is some. */
export function createPartBuffer(capacity: number, free?: Buffer): PartBuffer {
  let memory = free !== undefined && free.length >= capacity ? free : Buffer.alloc(0);
  let size = 0;

  function makeRoom(wanted: number): void {
    if (memory.length < wanted) {
      const grown = Buffer.allocUnsafeSlow(Math.min(steps.find((step) => step >= wanted) ?? capacity, capacity));
      memory.copy(grown, 0, 0, size);
      memory = grown;
    }
  }

  return {
    add(chunk) {
      const taken = Math.min(chunk.byteLength, capacity - size);
      makeRoom(size + taken);
      memory.set(chunk.subarray(0, taken), size);
      size += taken;
      return taken;
    },
    get size() {
      return size;
    },
    get isFull() {
      return size >= capacity;
    },
    bytes: () => memory.subarray(0, size),
    memory: () => memory,
  };
}
