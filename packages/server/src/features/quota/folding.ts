import type { Transact } from '#kernel/transaction';
import type { QuotaStore } from './store.ts';

export interface Folding extends AsyncDisposable {
  /** Brings every running figure up to date. Resolves when that is done. */
  foldAll(): Promise<void>;
  /** Says that the ledger of a project has grown long. */
  notice(projectId: number): void;
}

export interface FoldingDeps {
  readonly store: Pick<QuotaStore, 'listUnfolded' | 'fold'>;
  readonly transact: Transact;
  readonly onError: (error: unknown) => void;
  /** How often to look; 0 is never. */
  readonly everyMs: number;
}

const projectsAtOnce = 200;

/**
 * Pushes add to a ledger, because a figure that all of them changed would have them wait for each other. Here the
 * ledger is added to the figure. Several processes may do so at once: a row of the ledger counts once.
 */
export function createFolding({ store, transact, onError, everyMs }: FoldingDeps): Folding {
  const running = new Map<number, Promise<void>>();

  function fold(projectId: number): Promise<void> {
    const known = running.get(projectId);
    if (known !== undefined) return known;
    const folded = (async () => {
      while (await transact((tx) => store.fold(tx, projectId), { durable: false }));
    })().finally(() => running.delete(projectId));
    running.set(projectId, folded);
    return folded;
  }

  async function foldAll(): Promise<void> {
    for (;;) {
      const ids = await store.listUnfolded(projectsAtOnce);
      for (const id of ids) await fold(id);
      if (ids.length < projectsAtOnce) return;
    }
  }

  let round = Promise.resolve();
  const look = () => {
    round = foldAll().catch(onError);
  };
  const timer = everyMs === 0 ? undefined : setInterval(look, everyMs);
  timer?.unref();
  return {
    foldAll,
    notice: (projectId) => void fold(projectId).catch(onError),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await round;
      await Promise.allSettled(running.values());
    },
  };
}
