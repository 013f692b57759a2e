import type { Digest } from '@entrepot/oci/digest';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact } from '#kernel/transaction';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { type BlobTiers, isBlobTiers, type Tier } from '#platform/blobs/capabilities';
import type { Execution, JobHandler, Jobs } from '#platform/jobs';
import type { Logger } from '#platform/log';
import type { Mark, Marks } from '#platform/marks';
import { createPace } from '#platform/pace';
import type { Audit } from '#tenancy/audit';
import { createTieringHandler, mover, tieringMark, tieringType } from './jobs.ts';
import type { MoveBlob } from './mover.ts';
import type { TieringStore } from './store.ts';
import type { ProjectTiering, TierFigures, TieringPolicy } from './types.ts';

export interface StorageReport {
  readonly description: string;
  readonly tiers: readonly (TierFigures & { readonly tier: Tier; readonly description: string })[];
  /** Undefined where there is one tier. */
  readonly policy: (TieringPolicy & { readonly promote: boolean; readonly keepHotMs: number }) | undefined;
  readonly running: Execution | undefined;
  readonly last: Mark | undefined;
}

interface Place {
  readonly id: number;
  readonly name: string;
}

/** Moves content between a near and a far store, by how it is used. */
export interface Tiering extends Disposable {
  readonly handlers: readonly JobHandler[];
  report(): Promise<StorageReport>;
  /** Begins a run. Fails with `precondition-failed` where there is one tier. */
  start(asker: Asker): Promise<number>;
  /** Told of a blob that somebody reads, where it lies; it costs the reader nothing. */
  noteRead(digest: Digest, location: BlobLocation): void;
  readRule(project: Place): Promise<ProjectTiering | undefined>;
  setRule(asker: Asker, project: Place, rule: ProjectTiering): Promise<void>;
  /** The project is as the whole registry again. Fails with `object-not-found`. */
  clearRule(asker: Asker, project: Place): Promise<void>;
  /** Begins runs by itself; answers with how to stop. One process of a server does. */
  repeat(): () => void;
  /** Blobs and bytes that this process moved. */
  readonly figures: { readonly cooled: number; readonly promoted: number; readonly bytes: number };
}

export interface TieringDeps {
  readonly store: TieringStore;
  readonly bytes: BlobStore;
  /** Undefined where there is one tier. */
  readonly move: MoveBlob | undefined;
  readonly marks: Marks;
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  readonly policy: TieringPolicy & { readonly promote: boolean; readonly keepHotMs: number };
  /** 0 for never. */
  readonly intervalMs: number;
  /** Bytes a second; 0 is as fast as it goes. */
  readonly rate: number;
}

const mostPromotions = 1000;
const newest: ListQuery = { page: 1, pageSize: 1, conditions: [], sort: [] };

export function createTiering(deps: TieringDeps): Tiering {
  const { store, bytes, move, marks, jobs, transact, audit, clock, logger, policy, intervalMs, rate } = deps;
  const ending = new AbortController();
  const figures = { cooled: 0, promoted: 0, bytes: 0 };
  const wanted = new Set<Digest>();
  let promoting: Promise<void> | undefined;
  const tiers: BlobTiers | undefined = isBlobTiers(bytes) ? bytes : undefined;

  async function findRunning(): Promise<Execution | undefined> {
    const { entries } = await jobs.listExecutions({ vendorTypes: [tieringType] }, newest);
    return entries.find(({ endedAt }) => endedAt === undefined);
  }

  async function enqueue(asker: Asker | undefined): Promise<number> {
    return transact(async (tx) => {
      const { executionId } = await jobs.enqueue(tx, {
        vendorType: tieringType,
        vendorId: 0,
        trigger: asker === undefined ? 'SCHEDULE' : 'MANUAL',
        tasks: [{ payload: {} }],
      });
      if (asker !== undefined) {
        await audit.write(tx, { action: 'start-tiering', asker, resource: String(executionId), outcome: 'success' });
      }
      return executionId;
    });
  }

  async function promote(go: MoveBlob): Promise<void> {
    const options = { to: 'hot', pace: createPace(rate), signal: ending.signal } as const;
    for (const digest of wanted) {
      wanted.delete(digest);
      const blob = await store.find(digest);
      if (blob === undefined || (await go(blob, options)) !== 'moved') continue;
      figures.promoted += 1;
      figures.bytes += blob.size;
      const entry = { action: 'move-content', asker: mover, resource: digest, digest, outcome: 'success' } as const;
      await transact((tx) => audit.write(tx, { ...entry, detail: { to: 'hot', bytes: blob.size } }));
    }
  }

  function auditRule(asker: Asker, project: Place, before: ProjectTiering | undefined, after?: ProjectTiering) {
    return {
      action: after === undefined ? ('delete-tiering' as const) : ('update-tiering' as const),
      asker,
      projectId: project.id,
      resource: project.name,
      outcome: 'success' as const,
      ...(before === undefined ? {} : { before: shownRule(before) }),
      ...(after === undefined ? {} : { after: shownRule(after) }),
    };
  }

  async function tick(): Promise<void> {
    if ((await findRunning()) === undefined) await enqueue(undefined);
  }

  return {
    figures,
    handlers:
      move === undefined
        ? []
        : [
            createTieringHandler({
              store,
              move,
              marks,
              jobs,
              transact,
              audit,
              clock,
              policy,
              rate,
              onMoved({ size }) {
                figures.cooled += 1;
                figures.bytes += size;
              },
            }),
          ],

    async report() {
      const { hot, cold } = await store.measure();
      const { description } = bytes;
      // In this order: what came to its end in between is the last then.
      const running = await findRunning();
      return {
        description,
        tiers:
          tiers === undefined
            ? [{ tier: 'hot', description, blobs: hot.blobs, bytes: hot.bytes }]
            : [
                { tier: 'hot', description: tiers.tiers.hot.description, ...hot },
                { tier: 'cold', description: tiers.tiers.cold.description, ...cold },
              ],
        policy: tiers === undefined ? undefined : policy,
        running,
        last: await marks.read(tieringMark),
      };
    },

    async start(asker) {
      if (move === undefined) {
        throw new RegistryError('precondition-failed', 'There is one tier: set blobs.cold.kind to have two.');
      }
      return (await findRunning())?.id ?? enqueue(asker);
    },

    noteRead(digest, location) {
      if (move === undefined || !policy.promote || tiers?.tierOf(location) !== 'cold') return;
      if (wanted.size >= mostPromotions || ending.signal.aborted) return;
      wanted.add(digest);
      promoting ??= promote(move)
        .catch((error: unknown) => {
          if (!ending.signal.aborted) logger.warn({ error }, 'What was read could not be moved to the hot tier.');
        })
        .finally(() => {
          promoting = undefined;
        });
    },

    readRule: ({ id }) => store.findRule(id),

    async setRule(asker, project, rule) {
      await transact(async (tx) => {
        const before = await store.findRule(project.id);
        await store.putRule(tx, project.id, rule, clock());
        await audit.write(tx, auditRule(asker, project, before, rule));
      });
    },

    async clearRule(asker, project) {
      await transact(async (tx) => {
        const before = await store.findRule(project.id);
        if (!(await store.deleteRule(tx, project.id))) {
          throw new RegistryError('object-not-found', `The project ${project.name} has no rule of its own for tiers.`);
        }
        await audit.write(tx, auditRule(asker, project, before));
      });
    },

    repeat() {
      if (move === undefined || intervalMs === 0) return () => undefined;
      const look = () =>
        void tick().catch((error: unknown) => {
          logger.warn({ error }, 'A run of the tiering could not be begun; the next round tries again.');
        });
      // A timer counts to 2^31 ms.
      const timer = setInterval(look, Math.min(intervalMs, 2 ** 31 - 1));
      timer.unref();
      return () => clearInterval(timer);
    },

    [Symbol.dispose]: () => ending.abort(),
  };
}

function shownRule({ enabled, afterMs, minSize }: ProjectTiering) {
  return {
    enabled,
    ...(afterMs === undefined ? {} : { after_seconds: afterMs / 1000 }),
    ...(minSize === undefined ? {} : { min_size: minSize }),
  };
}
