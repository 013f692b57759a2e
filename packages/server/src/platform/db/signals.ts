import type { Transaction } from '#kernel/transaction';

/** How those who wait for rows learn that there are some. A hint only: who misses one finds the rows at the next look. */
export interface Signals {
  /** Wakes the channel's listeners, in every process on PostgreSQL, once the transaction is committed. */
  send(tx: Transaction, channel: string): void;
  /** Answers with how to stop listening. */
  listen(channel: string, listener: () => void): () => void;
}

/** Listeners in this process. */
export interface LocalSignals {
  listen: Signals['listen'];
  wake(channels: Iterable<string>): void;
  wakeAll(): void;
}

export function createLocalSignals(): LocalSignals {
  const listeners = new Map<string, Set<() => void>>();
  const wake = (channels: Iterable<string>) => {
    for (const channel of channels) for (const listener of listeners.get(channel) ?? []) listener();
  };
  return {
    listen(channel, listener) {
      const all = listeners.get(channel) ?? new Set();
      listeners.set(channel, all.add(listener));
      return () => void all.delete(listener);
    },
    wake,
    wakeAll: () => wake(listeners.keys()),
  };
}
