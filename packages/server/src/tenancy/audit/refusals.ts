import { actorName, type Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { AuditEntry } from './types.ts';

export interface Refusals extends Disposable {
  /** Notes the refusal, or counts it where there were too many of the same asker or of all. */
  note(entry: AuditEntry): void;
}

/** Rows in a minute: what a person runs into is far below, and an attacker fills no disk with it. */
const mostPerAsker = 60;
const mostOfAll = 1200;
const windowMs = 60_000;

interface Tally {
  readonly asker: Asker;
  noted: number;
  omitted: number;
}

/** Bounds the rows that refusals make. What had no row of its own is counted in one when the minute is over. */
export function createRefusals(deps: { readonly note: (entry: AuditEntry) => void; readonly clock: Clock }): Refusals {
  const { note, clock } = deps;
  const tallies = new Map<string, Tally>();
  let began = 0;
  let noted = 0;
  let omitted = 0;
  let last: Asker | undefined;
  let timer: NodeJS.Timeout | undefined;

  function omit(asker: Asker, resource: string, count: number): void {
    if (count === 0) return;
    note({ action: 'omit-refusals', asker, resource, outcome: 'failure', detail: { omitted: count } });
  }

  function close(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const { asker, omitted: count } of tallies.values()) omit(asker, actorName(asker.actor), count);
    // Askers beyond the bound of all are not told apart: that would take memory without end.
    if (last !== undefined) omit(last, 'everybody', omitted);
    tallies.clear();
    noted = 0;
    omitted = 0;
    last = undefined;
  }

  return {
    note(entry) {
      const now = clock();
      if (now - began >= windowMs) {
        close();
        began = now;
      }
      timer ??= setTimeout(close, windowMs).unref();
      const { asker } = entry;
      const key = asker.actor.kind === 'anonymous' ? `@${asker.address}` : actorName(asker.actor);
      let tally = tallies.get(key);
      if (tally === undefined && noted < mostOfAll) {
        tally = { asker, noted: 0, omitted: 0 };
        tallies.set(key, tally);
      }
      if (tally === undefined) {
        last = asker;
        omitted += 1;
      } else if (tally.noted >= mostPerAsker || noted >= mostOfAll) tally.omitted += 1;
      else {
        tally.noted += 1;
        noted += 1;
        note(entry);
      }
    },
    [Symbol.dispose]: close,
  };
}
