import { open } from 'node:fs/promises';
import { RegistryError } from '#kernel/errors';

/** Makes durable what was committed to the write-ahead log. */
export interface LogSync extends AsyncDisposable {
  /**
   * Resolves when everything that was committed before this call is on the disk. Rejects when the disk failed, from
   * then on always: what it has and has not is known only after a restart.
   */
  sync(): Promise<void>;
  /** Throws what the disk failed with, when it did. */
  assertSound(): void;
}

/**
 * Syncs the log of the database at `path` in a thread of libuv. SQLite would do it in the thread that commits, where
 * every request waits for the disk; here only those wait that asked, and the next commits are made meanwhile. Any
 * number of commits share a sync that begins after them. The log is there once the database was read; it is opened here
 * and stays open, so that a process that is out of files still syncs.
 */
export async function openLogSync(path: string): Promise<LogSync> {
  const log = await open(`${path}-wal`, 'r');
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let failure: RegistryError | undefined;

  function assertSound(): void {
    if (failure !== undefined) throw failure;
  }

  async function run(): Promise<void> {
    assertSound();
    try {
      await log.datasync();
    } catch (error) {
      failure = new RegistryError(
        'storage-failed',
        'The disk of the metadata database failed to keep what was written: mend it, then restart the registry.',
        { cause: error },
      );
      throw failure;
    }
  }

  function start(): Promise<void> {
    const begun = run();
    running = begun;
    const over = () => {
      if (running === begun) running = undefined;
    };
    begun.then(over, over);
    return begun;
  }

  return {
    assertSound,
    sync() {
      if (running === undefined) return start();
      next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return start();
        });
      return next;
    },
    async [Symbol.asyncDispose]() {
      while (running !== undefined || next !== undefined) await (next ?? running)?.catch(() => undefined);
      await log.close();
    },
  };
}
