import type { Digest } from '@entrepot/oci/digest';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { ListQuery } from '#kernel/list-query';
import type { Transact } from '#kernel/transaction';
import type { Execution, JobHandler, Jobs } from '#platform/jobs';
import type { Logger } from '#platform/log';
import type { Mark, Marks } from '#platform/marks';
import type { Audit } from '#tenancy/audit';
import { createScrubHandler, passMark, scrubber, scrubType } from './jobs.ts';
import { createPace } from '#platform/pace';
import type { PassDeps } from './pass.ts';
import type { DamageView, ScrubReadModel, ScrubState } from './read-model.ts';

export interface ScrubReport {
  readonly periodMs: number;
  /** Bytes a second; 0 is as fast as it goes. */
  readonly rate: number;
  readonly state: ScrubState;
  /** The pass under way or waiting. */
  readonly running: Execution | undefined;
  /** The last that came to its end: when, and what it found. */
  readonly last: Mark | undefined;
}

/** Reads everything again and again, and mends what it can. */
export interface Scrub extends Disposable {
  readonly handlers: readonly JobHandler[];
  /** Begins a pass over everything; the one under way where there is one that somebody asked for. */
  start(asker: Asker): Promise<number>;
  report(): Promise<ScrubReport>;
  listDamage(all: boolean, list: ListQuery): Promise<{ entries: DamageView[]; total: number }>;
  /** Has a blob looked at soon, because somebody read other bytes than it should have, or none. */
  suspect(digest: Digest): void;
  /** Begins passes by itself; answers with how to stop. One process of a server does. */
  repeat(): () => void;
}

export interface ScrubDeps {
  readonly pass: PassDeps;
  readonly readModel: ScrubReadModel;
  readonly marks: Marks;
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Every byte is read once in this time; 0 for never by itself. */
  readonly periodMs: number;
  /** Bytes a second; 0 is as fast as it goes. */
  readonly rate: number;
}

/** What waits to be looked at after a read; whatever comes beyond is found by the next pass. */
const mostSuspects = 1000;

export function createScrub(deps: ScrubDeps): Scrub {
  const { pass, readModel, marks, jobs, transact, audit, clock, logger, periodMs, rate } = deps;
  const ending = new AbortController();
  const suspects = new Set<Digest>();
  let looking: Promise<void> | undefined;

  const scope = { vendorTypes: [scrubType] };
  const newest: ListQuery = { page: 1, pageSize: 5, conditions: [], sort: [] };

  async function findRunning(): Promise<Execution | undefined> {
    const { entries } = await jobs.listExecutions(scope, newest);
    return entries.find(({ endedAt }) => endedAt === undefined);
  }

  async function enqueue(since: number, asked: boolean, asker?: Asker): Promise<number> {
    return transact(async (tx) => {
      const { executionId } = await jobs.enqueue(tx, {
        vendorType: scrubType,
        vendorId: 0,
        trigger: asked ? 'MANUAL' : 'SCHEDULE',
        extraAttrs: { full: asked },
        tasks: [{ payload: { since, asked } }],
      });
      if (asker !== undefined) {
        await audit.write(tx, { action: 'start-scrub', asker, resource: String(executionId), outcome: 'success' });
      }
      return executionId;
    });
  }

  async function look(): Promise<void> {
    const options = { pace: createPace(0), signal: ending.signal };
    for (const digest of suspects) {
      suspects.delete(digest);
      const blob = await pass.store.findSound(digest);
      if (blob === undefined) continue;
      const finding = await pass.inspect(scrubber, blob, options);
      if (finding.kind === 'damaged') await pass.repair.mendBlob(scrubber, blob, options);
    }
  }

  async function tick(): Promise<void> {
    const last = await marks.read(passMark);
    // Often enough that what is nearly due now is not overdue the next time.
    if (last !== undefined && clock() - last.at < periodMs / 14) return;
    if ((await findRunning()) !== undefined) return;
    await enqueue(clock() - Math.floor((periodMs * 6) / 7), false);
  }

  return {
    handlers: [createScrubHandler({ pass, readModel, marks, jobs, transact, clock, rate })],

    async start(asker) {
      const running = await findRunning();
      if (running !== undefined && running.extraAttrs['full'] === true) return running.id;
      return enqueue(clock(), true, asker);
    },

    async report() {
      // In this order: what came to its end in between is the last then.
      const running = await findRunning();
      return { periodMs, rate, running, state: await readModel.readState(), last: await marks.read(passMark) };
    },

    listDamage: (all, list) => readModel.listDamage(all, list),

    suspect(digest) {
      if (suspects.size >= mostSuspects || ending.signal.aborted) return;
      suspects.add(digest);
      looking ??= look()
        .catch((error: unknown) => {
          if (!ending.signal.aborted) logger.warn({ error }, 'A blob that looked damaged could not be looked at.');
        })
        .finally(() => {
          looking = undefined;
        });
    },

    repeat() {
      if (periodMs === 0) return () => undefined;
      const look = () =>
        void tick().catch((error: unknown) => {
          logger.warn({ error }, 'A scrub could not be begun; the next round tries again.');
        });
      const timer = setInterval(look, Math.min(600_000, Math.max(1000, periodMs / 14)));
      timer.unref();
      return () => clearInterval(timer);
    },

    [Symbol.dispose]: () => ending.abort(),
  };
}
