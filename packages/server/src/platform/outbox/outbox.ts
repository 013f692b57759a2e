import type { Clock } from '#kernel/clock';
import type { DomainEvent, EventKind, NewEvent } from '#kernel/events';
import type { NewId } from '#kernel/ids';
import type { Transaction } from '#kernel/transaction';
import type { Db } from '#platform/db';
import { createOutboxStore, type WaitingEvent } from './outbox-store.ts';

/** Who wants to know. */
export interface EventListener {
  /** For the log. */
  readonly name: string;
  readonly kinds: readonly EventKind[];
  /**
   * Runs in the transaction that ticks the event off, so what it writes is written once; it talks to nothing but the
   * database, and starts a job for everything else. It may be called again for an event whose transaction failed.
   */
  hear(tx: Transaction, event: DomainEvent): Promise<void>;
}

/** Where events are written when they become true. */
export interface Events {
  /** Writes the events in the transaction that makes them true. Costs nothing where nobody listens to their kinds. */
  emit(tx: Transaction, ...events: readonly NewEvent[]): Promise<void>;
}

/**
 * Events between the transaction that makes them true and those who listen: told at least once after the commit, those
 * of one project in the order in which they were written. (On PostgreSQL two transactions that overlap may be told
 * either way round; of two that followed each other the first comes first.)
 */
export interface Outbox extends Events, AsyncDisposable {
  /** At composition, before the first event. */
  subscribe(listener: EventListener): void;
  /**
   * Notes what needs no transaction of its own, such as a pull: it costs the caller nothing and is written with others
   * within a second.
   */
  note(event: NewEvent): void;
  /** Begins to tell events, in this process. */
  start(): void;
  /** Writes what was noted, and tells what there is to tell. */
  flush(): Promise<void>;
}

export interface OutboxDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Told what an operator should know; the event is tried again. */
  readonly onError: (error: unknown, doing: string) => void;
  readonly pollMs?: number;
}

const channel = 'outbox';
const eventsAtOnce = 50;
const noteMs = 500;
const mostNoted = 100_000;
const notesPerWrite = 200;
const purgeMs = 600_000;
const keepMs = 24 * 3_600_000;
const rowsPerPurge = 1000;

/** Listeners only write to our database, so one that fails does so for a moment, or through a fault of ours. */
const backoffMs = (attempts: number) => Math.min(1000 * 2 ** attempts, 300_000);
const mostAttempts = 20;

export function createOutbox({ db, clock, newId, onError, pollMs = 1000 }: OutboxDeps): Outbox {
  const store = createOutboxStore(db);
  const { transact } = db;
  const listeners: EventListener[] = [];
  let noted: DomainEvent[] = [];
  let noteTimer: NodeJS.Timeout | undefined;
  let timers: NodeJS.Timeout[] = [];
  let unlisten: (() => void) | undefined;
  let working: Promise<void> = Promise.resolve();
  let scheduled = false;

  const complete = (event: NewEvent): DomainEvent => ({ ...event, id: newId(), at: clock() }) as DomainEvent;
  const isHeard = (event: NewEvent) => listeners.some(({ kinds }) => kinds.includes(event.kind));

  async function write(tx: Transaction, events: readonly DomainEvent[]): Promise<void> {
    await store.insert(tx, events);
    db.signals.send(tx, channel);
  }

  async function writeNoted(): Promise<void> {
    clearTimeout(noteTimer);
    noteTimer = undefined;
    while (noted.length > 0) {
      const some = noted.splice(0, notesPerWrite);
      try {
        await transact((tx) => write(tx, some), { durable: false });
      } catch (error) {
        noted = [...some, ...noted].slice(-mostNoted);
        onError(error, 'writing noted events');
        scheduleNotes();
        return;
      }
    }
  }

  function scheduleNotes(): void {
    noteTimer ??= setTimeout(() => void writeNoted(), noteMs);
  }

  async function tell(tx: Transaction, event: DomainEvent): Promise<void> {
    for (const { kinds, hear } of listeners) if (kinds.includes(event.kind)) await hear(tx, event);
  }

  /** Tells up to `most` events in one transaction; answers how many, undefined where somebody else is telling. */
  function tellSome(most: number, before: (one: WaitingEvent) => void = () => undefined): Promise<number | undefined> {
    return transact(
      async (tx) => {
        const waiting = await store.take(tx, most, clock());
        if (waiting === undefined) return undefined;
        for (const one of waiting) {
          before(one);
          await tell(tx, one.event);
        }
        const rowIds = waiting.map(({ rowId }) => rowId);
        await store.markDelivered(tx, rowIds, clock());
        return waiting.length;
      },
      { durable: false },
    );
  }

  /** After a failure: one event at a time, so that the one that fails does not hold the others. */
  async function tellOne(): Promise<number | undefined> {
    const seen: WaitingEvent[] = [];
    try {
      return await tellSome(1, (one) => seen.push(one));
    } catch (error) {
      const failed = seen.at(-1);
      if (failed === undefined) throw error;
      const { rowId, attempts, event } = failed;
      onError(error, `telling of ${event.kind} ${event.id}, try ${attempts + 1} of ${mostAttempts}`);
      await transact((tx) =>
        attempts + 1 >= mostAttempts
          ? store.markDelivered(tx, [rowId], clock())
          : store.postpone(tx, rowId, clock() + backoffMs(attempts)),
      );
      return 1;
    }
  }

  async function tellAll(): Promise<void> {
    scheduled = false;
    try {
      if (!(await store.isAnyWaiting(clock()))) return;
      for (;;) {
        const told = await tellSome(eventsAtOnce).catch(() => tellOneByOne());
        if (told === undefined || told < eventsAtOnce) return;
      }
    } catch (error) {
      onError(error, 'telling events');
    }
  }

  /** Answers like a full batch, so that the caller goes on with the next one. */
  async function tellOneByOne(): Promise<number | undefined> {
    for (let count = 0; count < eventsAtOnce; count += 1) {
      const told = await tellOne();
      if (told !== 1) return told;
    }
    return eventsAtOnce;
  }

  function wake(): void {
    if (scheduled) return;
    scheduled = true;
    working = working.then(tellAll);
  }

  const purge = async () => {
    try {
      for (let purged = rowsPerPurge; purged === rowsPerPurge; ) {
        purged = await transact((tx) => store.purge(tx, clock() - keepMs, rowsPerPurge), { durable: false });
      }
    } catch (error) {
      onError(error, 'removing events that were told');
    }
  };

  return {
    subscribe: (listener) => void listeners.push(listener),
    async emit(tx, ...events) {
      const heard = events.filter(isHeard).map(complete);
      if (heard.length > 0) await write(tx, heard);
    },
    note(event) {
      if (!isHeard(event) || noted.length >= mostNoted) return;
      noted.push(complete(event));
      scheduleNotes();
    },
    start() {
      timers = [setInterval(wake, pollMs), setInterval(() => void purge(), purgeMs)];
      for (const timer of timers) timer.unref();
      unlisten = db.signals.listen(channel, wake);
      wake();
    },
    async flush() {
      await writeNoted();
      wake();
      await working;
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      unlisten?.();
      await writeNoted();
      clearTimeout(noteTimer);
      await working;
    },
  };
}
