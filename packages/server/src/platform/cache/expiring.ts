import type { Clock } from '#kernel/clock';
import { createLru } from './lru.ts';

/** A bounded map whose entries are forgotten after a time. */
export interface Expiring<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, ttlMs?: number): void;
  delete(key: string): void;
  clear(): void;
}

export function createExpiring<V>(options: { capacity: number; ttlMs: number; clock: Clock }): Expiring<V> {
  const entries = createLru<{ value: V; until: number }>({ capacity: options.capacity });
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.until > options.clock()) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set: (key, value, ttlMs = options.ttlMs) => entries.set(key, { value, until: options.clock() + ttlMs }),
    delete: (key) => entries.delete(key),
    clear: () => entries.clear(),
  };
}
