import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';

/**
 * Where the actors of a schedule wait before each step that others can see: a transaction, a call of the blob store, a
 * request. Who decides the order of these steps decides the interleaving.
 */
export interface Gate {
  /** Runs the work when its turn comes. After a crash it never does. */
  pass<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Starts an actor, which waits for its first turn. */
  start(name: string, act: () => Promise<void>): void;
  /**
   * Lets the steps of all actors go until all are over, or so many steps are done. Answers whether all are over; rejects
   * with what an actor failed with.
   */
  run(steps?: number): Promise<boolean>;
  /** Everybody under way disappears, as when the process dies: what they wait for never comes. */
  crash(): void;
  /** Whether steps wait for their turn; where there is one actor alone they need not. */
  hold(waits: boolean): void;
}

interface Waiting {
  readonly actor: string;
  readonly what: string;
  open(): Promise<void>;
}

export interface SteppedGateOptions {
  readonly chance: () => Chance;
  /** Told of every step that is let go. */
  readonly onStep: (actor: string, what: string) => void;
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Lets go one step at a time, now and then two or three at once so that they share a commit. Chance alone decides. */
export function createSteppedGate({ chance, onStep }: SteppedGateOptions): Gate {
  const names = new AsyncLocalStorage<{ readonly name: string; readonly life: number }>();
  let waiting: Waiting[] = [];
  let acting = 0;
  let life = 0;
  let holds = true;
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const never = new Promise<never>(() => undefined);
  const paces = new Map<string, number>();

  /** Some are quick and some slow, for as long as they act: between two steps of one may lie all of another. */
  function choose(): Waiting | undefined {
    const weights = waiting.map(({ actor }) => paces.get(actor) ?? 1);
    let left = chance().between(0, weights.reduce((sum, weight) => sum + weight, 0) - 1);
    const index = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    return waiting.splice(index, 1)[0];
  }

  return {
    pass(what, work) {
      const self = names.getStore();
      if (self !== undefined && self.life !== life) return never;
      if (!holds) {
        onStep(self?.name ?? '', what);
        return work();
      }
      return new Promise((resolve, reject) => {
        waiting.push({
          actor: self?.name ?? '',
          what,
          open: () => {
            const running = work();
            const of = life;
            const settled = () => of === life;
            return running.then(
              (value) => void (settled() && resolve(value)),
              (error: unknown) => void (settled() && reject(error)),
            );
          },
        });
        wake?.();
      });
    },
    start(name, act) {
      acting += 1;
      paces.set(name, chance().pick([1, 4, 16]));
      const of = life;
      const over = () => {
        if (of === life) acting -= 1;
        wake?.();
      };
      names.run({ name, life }, () => {
        act().then(over, (error: unknown) => {
          if (of === life) failure ??= { error };
          over();
        });
      });
    },
    async run(steps = Number.POSITIVE_INFINITY) {
      for (let done = 0; ; ) {
        // Everything that can go on without a step does so until it waits for one.
        await turn();
        if (failure !== undefined) throw failure.error;
        if (waiting.length === 0) {
          if (acting === 0) return true;
          await new Promise<void>((resolve) => {
            wake = resolve;
            setImmediate(resolve);
          });
          wake = undefined;
          continue;
        }
        if (done >= steps) return false;
        const together = chance().percent(8) ? chance().between(2, 3) : 1;
        const opened: Promise<void>[] = [];
        for (let count = 0; count < together && waiting.length > 0; count += 1) {
          const next = choose();
          if (next === undefined) break;
          onStep(next.actor, next.what);
          done += 1;
          opened.push(next.open());
        }
        await Promise.all(opened);
      }
    },
    crash() {
      life += 1;
      waiting = [];
      acting = 0;
    },
    hold(waits) {
      holds = waits;
    },
  };
}

/** Lets everything go at once, each step after a moment of its own: the database decides who waits for whom. */
export function createOpenGate({ chance, onStep }: SteppedGateOptions): Gate {
  const names = new AsyncLocalStorage<string>();
  const acting = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  return {
    async pass(what, work) {
      if (chance().percent(40)) await sleep(chance().between(0, 4));
      onStep(names.getStore() ?? '', what);
      return work();
    },
    start(name, act) {
      const running = names.run(name, act).catch((error: unknown) => {
        failure ??= { error };
      });
      acting.add(running);
      void running.then(() => acting.delete(running));
    },
    async run() {
      while (acting.size > 0) await Promise.all(acting);
      if (failure !== undefined) throw failure.error;
      return true;
    },
    crash() {
      throw new Error('There are no crashes where everything goes at once.');
    },
    hold: () => undefined,
  };
}
