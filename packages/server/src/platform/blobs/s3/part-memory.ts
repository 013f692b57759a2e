/** A piece of the memory for parts. */
export interface PartLease {
  readonly memory: Buffer;
  /**
   * Gives it back; more than once is harmless. `spoilt` says that a broken connection may still read it, so that nobody
   * else writes to it.
   */
  release(state?: 'spoilt'): void;
}

/** The memory that all uploads of one store gather their parts in. */
export interface PartMemory {
  /**
   * Takes a piece of this size at least, and waits while there is none, in the order of asking. A piece that is larger
   * than all there is comes when nobody else has any. Whoever waits must hold no piece that he gives back only later, or
   * all would wait for each other.
   */
  take(size: number): Promise<PartLease>;
}

interface Waiter {
  readonly size: number;
  readonly grant: (lease: PartLease) => void;
}

/** Gives memory back to the system at once; the garbage collector would take its time. Answers how much it was. */
function forget(memory: Buffer | undefined): number {
  const { length = 0, buffer } = memory ?? {};
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
  return length;
}

/** Makes the memory, `limit` bytes of it. What was given back is kept for the next ones while anybody has some. */
export function createPartMemory(limit: number): PartMemory {
  const waiters: Waiter[] = [];
  let free: Buffer[] = [];
  let freeBytes = 0;
  let used = 0;

  function find(size: number): Buffer {
    const at = free.findIndex((memory) => memory.length >= size && memory.length <= 2 * size);
    const [found] = at < 0 ? [] : free.splice(at, 1);
    freeBytes -= found?.length ?? 0;
    if (found !== undefined) return found;
    while (free.length > 0 && used + freeBytes + size > limit) freeBytes -= forget(free.pop());
    // Not out of the shared pool of small buffers, and not filled: a page that is never written costs nothing.
    return Buffer.allocUnsafeSlow(size);
  }

  function grant(size: number): PartLease {
    const memory = find(size);
    used += memory.length;
    let isHeld = true;
    return {
      memory,
      release(state) {
        if (!isHeld) return;
        isHeld = false;
        used -= memory.length;
        if (state !== 'spoilt') {
          free.push(memory);
          freeBytes += memory.length;
        }
        serve();
      },
    };
  }

  const fits = (size: number) => used === 0 || used + size <= limit;

  function serve(): void {
    for (let first = waiters[0]; first !== undefined && fits(first.size); first = waiters[0]) {
      waiters.shift();
      first.grant(grant(first.size));
    }
    if (used === 0 || used + freeBytes > limit) {
      for (const memory of free) forget(memory);
      free = [];
      freeBytes = 0;
    }
  }

  return {
    take: (size) =>
      waiters.length === 0 && fits(size)
        ? Promise.resolve(grant(size))
        : new Promise((resolve) => {
            waiters.push({ size, grant: resolve });
          }),
  };
}
