import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { Pulled, PullStore } from './store.ts';

/** What was pulled, counted in memory and written with others: a pull waits for nothing and writes nothing. */
export interface PullTally extends AsyncDisposable {
  /** One pull of a manifest, by this tag or by its digest. */
  note(manifestId: number, tag: string | undefined): void;
  /** Writes what was counted so far. */
  flush(): Promise<void>;
}

export interface PullTallyDeps {
  readonly store: PullStore;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Told when counts could not be written; they are kept and tried again. */
  readonly onError: (error: unknown) => void;
}

const flushMs = 1000;
const perTransaction = 100;
/** Different manifests kept at most while the database is gone; beyond that counts are given up, pulls are not. */
const mostKept = 200_000;

export function createPullTally({ store, transact, clock, onError }: PullTallyDeps): PullTally {
  let counted = new Map<number, Pulled>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  function schedule(): void {
    timer ??= setTimeout(() => void flush(), flushMs);
  }

  function putBack(rest: ReadonlyMap<number, Pulled>): void {
    for (const [id, { count, at, tags }] of rest) {
      const known = counted.get(id);
      if (known === undefined) counted.set(id, { count, at, tags });
      else {
        known.count += count;
        for (const [tag, when] of tags) if (!known.tags.has(tag)) known.tags.set(tag, when);
      }
    }
  }

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = counted;
    counted = new Map();
    const entries = [...batch];
    try {
      for (; entries.length > 0; entries.splice(0, perTransaction)) {
        const some = entries.slice(0, perTransaction);
        // No request on the data plane reads counts and times, so nothing that is remembered there goes stale.
        await transact((tx) => store.add(tx, some), { durable: false, unread: true });
      }
    } catch (error) {
      putBack(new Map(entries));
      onError(error);
      schedule();
    }
  }

  function flush(): Promise<void> {
    flushing = flushing.then(write);
    return flushing;
  }

  return {
    note(manifestId, tag) {
      let pulled = counted.get(manifestId);
      if (pulled === undefined) {
        if (counted.size >= mostKept) return;
        pulled = { count: 0, at: 0, tags: new Map() };
        counted.set(manifestId, pulled);
      }
      pulled.count += 1;
      pulled.at = clock();
      if (tag !== undefined) pulled.tags.set(tag, pulled.at);
      schedule();
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flush();
      clearTimeout(timer);
    },
  };
}
