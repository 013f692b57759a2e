import { hash } from 'node:crypto';

/** Remembers which locations are named, in 16 bytes or so for each, however long they are. */
export interface LocationSet {
  readonly size: number;
  add(location: string): void;
  /** May say yes to one in 10^12 that was never added: what lies there is then left alone. */
  has(location: string): boolean;
}

const keyOf = (location: string): bigint => {
  const key = hash('sha1', location, 'buffer').readBigUInt64LE();
  return key === 0n ? 1n : key;
};

export function createLocationSet(): LocationSet {
  let slots = new BigUint64Array(1024);
  let size = 0;

  /** Where the key is, or would be. */
  function slotOf(key: bigint, within: BigUint64Array): number {
    const mask = within.length - 1;
    let at = Number(key & 0xffff_ffffn) & mask;
    while (within[at] !== 0n && within[at] !== key) at = (at + 1) & mask;
    return at;
  }

  function grow(): void {
    const larger = new BigUint64Array(slots.length * 2);
    for (const key of slots) if (key !== 0n) larger[slotOf(key, larger)] = key;
    slots = larger;
  }

  return {
    get size() {
      return size;
    },
    add(location) {
      const key = keyOf(location);
      const at = slotOf(key, slots);
      if (slots[at] === key) return;
      slots[at] = key;
      size += 1;
      if (size * 2 > slots.length) grow();
    },
    has(location) {
      const key = keyOf(location);
      return slots[slotOf(key, slots)] === key;
    },
  };
}
