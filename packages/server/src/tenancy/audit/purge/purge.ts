import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Asker } from '#kernel/actor';
import { actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { JobFailed } from '#platform/jobs';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import { type AuditChain, type Purge, toNote } from '#tenancy/audit/chain';
import type { PurgeStore } from './store.ts';
import type { PurgePlan, PurgeWish } from './types.ts';

export interface PurgeOptions extends PurgeWish {
  readonly asker: Asker;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly report: (progress: string) => void;
}

export interface AuditPurge {
  /**
   * Takes old rows out of the audit, from its oldest end on. What is taken is written into the audit first, so that the
   * chain tells of it; a run that is cut off is ended by the next one. Answers how many rows went, or would go. Fails
   * with `JobFailed` where the audit is not what the chain says: nothing is taken then.
   */
  purge(options: PurgeOptions): Promise<number>;
}

export interface AuditPurgeDeps {
  readonly store: PurgeStore;
  readonly chain: Pick<AuditChain, 'survey' | 'findUnfinished'>;
  readonly audit: Pick<Audit, 'write' | 'flush'>;
  readonly transact: Transact;
  readonly clock: Clock;
}

/** A statement of so many keeps other writers of SQLite waiting for some hundredths of a second. */
const rowsPerStep = 2000;

export function createAuditPurge({ store, chain, audit, transact, clock }: AuditPurgeDeps): AuditPurge {
  async function carryOut(purge: Purge, { signal, report }: PurgeOptions): Promise<number> {
    let gone = 0;
    for (let step = rowsPerStep; step === rowsPerStep; gone += step) {
      signal.throwIfAborted();
      step = await transact((tx) => store.remove(tx, purge, rowsPerStep), { durable: false, unread: true });
      report(`${gone + step} of ${purge.removed} rows deleted`);
      await nextTurn();
    }
    await transact((tx) => store.finish(tx, purge.id));
    return gone;
  }

  /** In one transaction: what may go from now on, and that it goes. */
  async function begin(plan: PurgePlan, since: number, asker: Asker): Promise<Purge> {
    const about = { at: clock(), actor: actorName(asker.actor) };
    return transact(async (tx) => {
      const id = await store.begin(tx, plan, since, about);
      if (id === undefined) throw new JobFailed('Somebody else purged the audit meanwhile.');
      const purge = { ...plan, ...about, id, finished: false };
      await audit.write(tx, {
        action: 'purge-audit',
        asker,
        resource: 'audit',
        outcome: 'success',
        detail: { ...toNote(purge) },
      });
      return purge;
    });
  }

  return {
    async purge(options) {
      const { cutoff, actions, asker, dryRun, signal, log, report } = options;
      const unfinished = await chain.findUnfinished();
      if (unfinished !== undefined && !dryRun) {
        log(`Ending the purge up to row ${unfinished.lastId}, which was cut off.`);
        log(`${await carryOut(unfinished, options)} rows of it were still there.`);
      }
      await audit.flush();
      const survey = await chain.survey({
        cutoff,
        actions,
        signal,
        onSegment: (segment, end) => report(`${segment.lastId} of ${end.lastId} rows read`),
      });
      switch (survey.kind) {
        case 'broken': {
          const { firstId, lastId, reason } = survey.fault;
          throw new JobFailed(
            `The audit is not what it was, rows ${firstId} to ${lastId}: ${reason} Nothing was purged. Verify it with "entrepot audit verify".`,
          );
        }
        case 'nothing':
          log('There is nothing to purge.');
          return 0;
        case 'plan': {
          const { removed, keptRows, lastId, head } = survey.plan;
          const what = `${removed} rows up to row ${lastId}; ${keptRows} of that stretch stay. The head there is ${head}.`;
          if (dryRun) {
            log(`Would delete ${what}`);
            return removed;
          }
          const purge = await begin(survey.plan, survey.since, asker);
          log(`Purge ${purge.id} deletes ${what}`);
          const gone = await carryOut(purge, options);
          log(`${gone} rows are deleted.`);
          return gone;
        }
        default:
          return survey satisfies never;
      }
    },
  };
}
