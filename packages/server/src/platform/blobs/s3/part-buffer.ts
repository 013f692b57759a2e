import type { PartLease, PartMemory } from './part-memory.ts';

/** Gathers the bytes of one part after the other. */
export interface PartBuffer {
  /** Takes as much of the chunk as fits and resolves with how much that was; waits for memory when there is none. */
  add(chunk: Uint8Array): Promise<number>;
  readonly size: number;
  readonly isFull: boolean;
  /** The gathered bytes. */
  bytes(): Uint8Array;
  /** Hands over the gathered bytes, to be released when they are stored, and begins the next part. */
  next(capacity: number): FilledPart;
  /** Gives the memory back, as a lease does; what was gathered is gone. */
  release(state?: 'spoilt'): void;
}

export interface FilledPart {
  readonly bytes: Uint8Array;
  readonly release: PartLease['release'];
}

/** A small blob does not cost the memory of a whole part, and waits for nobody: so much it has of its own. */
const ownMemory = 64 * 1024;

/** Makes a buffer that begins with a part of this size. */
export function createPartBuffer(shared: PartMemory, firstCapacity: number): PartBuffer {
  let capacity = firstCapacity;
  let own: Buffer | undefined;
  let lease: PartLease | undefined;
  let size = 0;

  async function memoryFor(wanted: number): Promise<Buffer> {
    if (lease === undefined && wanted > ownMemory) {
      lease = await shared.take(capacity);
      own?.copy(lease.memory, 0, 0, size);
    }
    if (lease !== undefined) return lease.memory;
    own ??= Buffer.allocUnsafeSlow(ownMemory);
    return own;
  }

  const bytes = () => (lease?.memory ?? own ?? Buffer.alloc(0)).subarray(0, size);

  return {
    async add(chunk) {
      const taken = Math.min(chunk.byteLength, capacity - size);
      const memory = await memoryFor(size + taken);
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
    bytes,
    next(nextCapacity) {
      const filled = { bytes: bytes(), release: lease?.release ?? (() => undefined) };
      if (lease === undefined) own = undefined;
      lease = undefined;
      size = 0;
      capacity = nextCapacity;
      return filled;
    },
    release(state) {
      lease?.release(state);
      lease = undefined;
      size = 0;
    },
  };
}
