import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { ChainStore, Ticket } from './store.ts';
import { type Survey, surveyChain, type SurveyOptions } from './survey.ts';
import type { Checkpoint, Purge, Verification } from './types.ts';
import { walkChain } from './walk.ts';

export interface AuditChain extends AsyncDisposable {
  /** Chains the rows that are committed now. Gives up after two seconds where a foreign transaction keeps it from that. */
  seal(): Promise<void>;
  /**
   * Reads every row and says whether the chain vouches for all of them, or where it first does not. `expect` is a head
   * that was told earlier: it must be part of the chain, else the end was cut off or all of it rewritten.
   */
  verify(options?: { readonly expect?: string | undefined }): Promise<Verification>;
  /** Finds what a purge may take, and proves that it is what was chained. Nothing is changed. */
  survey(options: SurveyOptions): Promise<Survey>;
  /** The purge whose rows are not all gone yet. */
  findUnfinished(): Promise<Purge | undefined>;
}

export interface AuditChainDeps {
  readonly store: ChainStore;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Told the head of the chain now and then, so that it is known outside the database. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
  readonly onError: (error: unknown) => void;
}

/** A row is chained so long after its commit, at most; a foreign transaction on PostgreSQL can make it later. */
const roundMs = 1000;

/** Rows of one segment: a bound on the memory that chaining takes, and on what a list looks at for one of them. */
const rowsPerSegment = 2000;

const checkpointMs = 3_600_000;
const patienceMs = 2000;

export function createAuditChain({ store, transact, clock, onCheckpoint, onError }: AuditChainDeps): AuditChain {
  let ticket: Ticket | undefined;
  let toldAt: number | undefined;
  let running: Promise<unknown> = Promise.resolve();

  /** False while a row of a smaller id may still come. */
  async function sealSettled(): Promise<boolean> {
    ticket ??= await store.takeTicket();
    if (ticket === undefined) return true;
    if (!(await store.isSettled(ticket))) return false;
    const { upTo } = ticket;
    for (let next = await store.readNext(upTo, rowsPerSegment); next !== undefined; ) {
      const segment = next;
      // What a lost power supply takes back of this is chained again; a head that is told is durable by its checkpoint.
      await transact((tx) => store.append(tx, segment), { durable: false, unread: true });
      next = await store.readNext(upTo, rowsPerSegment);
    }
    ticket = undefined;
    return true;
  }

  async function sealAll(): Promise<void> {
    const end = performance.now() + patienceMs;
    // A ticket that was left over is for fewer rows than there are now.
    if (ticket !== undefined && !(await sealSettled())) ticket = undefined;
    for (let wait = 1; !(await sealSettled()) && performance.now() < end; wait = Math.min(wait * 2, 50)) {
      await sleep(wait);
    }
  }

  async function writeCheckpoint(): Promise<void> {
    const made = await transact((tx) => store.insertCheckpoint(tx, clock()));
    if (made !== undefined) onCheckpoint(made);
  }

  async function round(): Promise<void> {
    if (!(await sealSettled())) return;
    toldAt ??= (await store.findLastCheckpoint())?.at ?? 0;
    if (clock() - toldAt < checkpointMs) return;
    toldAt = clock();
    await writeCheckpoint();
  }

  /** One after the other: two would take each other's tickets. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = running.then(work);
    running = next.catch(() => undefined);
    return next;
  }

  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    timer = setTimeout(() => {
      void inTurn(round)
        .catch(onError)
        .finally(() => timer && schedule());
    }, roundMs);
    timer.unref();
  };
  schedule();

  return {
    seal: () => inTurn(sealAll),
    async verify({ expect } = {}) {
      await inTurn(async () => {
        await sealAll();
        await writeCheckpoint();
      });
      return walkChain(store, expect);
    },
    async survey(options) {
      await inTurn(sealAll);
      return surveyChain(store, options);
    },
    async findUnfinished() {
      const [last] = await store.listPurges();
      return last?.finished === false ? last : undefined;
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      timer = undefined;
      await inTurn(sealAll).catch(onError);
    },
  };
}
