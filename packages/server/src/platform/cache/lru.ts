export interface LruOptions<V> {
  /** The sum of weights that is kept at most. */
  readonly capacity: number;
  /** What one value costs; 1 when absent. A value heavier than an eighth of the capacity is not kept. */
  readonly weight?: (value: V) => number;
}

/** A bounded map that forgets what was not used for longest. */
export interface Lru<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
  readonly weight: number;
}

export function createLru<V>({ capacity, weight = () => 1 }: LruOptions<V>): Lru<V> {
  const values = new Map<string, V>();
  let total = 0;
  const remove = (key: string) => {
    const value = values.get(key);
    if (value === undefined) return;
    values.delete(key);
    total -= weight(value);
  };
  return {
    get(key) {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key);
      values.set(key, value);
      return value;
    },
    set(key, value) {
      remove(key);
      const cost = weight(value);
      if (cost > Math.max(1, capacity / 8)) return;
      values.set(key, value);
      total += cost;
      for (const oldest of values.keys()) {
        if (total <= capacity) break;
        remove(oldest);
      }
    },
    delete: remove,
    clear() {
      values.clear();
      total = 0;
    },
    get weight() {
      return total;
    },
  };
}
