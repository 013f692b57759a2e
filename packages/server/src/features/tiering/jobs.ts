import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { registryAsker } from '#kernel/registry-asker';
import type { Transact } from '#kernel/transaction';
import type { JobHandler, Jobs, RunningTask } from '#platform/jobs';
import type { Marks } from '#platform/marks';
import { createPace } from '#platform/pace';
import type { Audit } from '#tenancy/audit';
import type { MoveBlob } from './mover.ts';
import { isCold, policyOf } from './rules.ts';
import type { TieringStore } from './store.ts';
import type { Candidate, ProjectTiering, TieringPolicy } from './types.ts';

export const tieringType = 'STORAGE_TIERING';
export const tieringMark = 'tiering';

/** Whom the audit names for what nobody asked for. */
export const mover: Asker = registryAsker('tiering');

export interface TieringJobDeps {
  readonly store: TieringStore;
  readonly move: MoveBlob;
  readonly marks: Pick<Marks, 'write'>;
  readonly jobs: Pick<Jobs, 'listRunning'>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly policy: TieringPolicy;
  readonly rate: number;
  /** Told of what was moved, for the figures. */
  readonly onMoved: (blob: { readonly size: number }) => void;
}

const blobsAtOnce = 500;
const turnMs = 500;

export function createTieringHandler(deps: TieringJobDeps): JobHandler {
  return {
    type: tieringType,
    concurrency: 1,
    maxRuns: 1000,
    backoffMs: (run) => Math.min(600_000, 5000 * 2 ** run),
    run: (task) => cool(deps, task),
  };
}

/** Moves what nobody used for long to the cold tier. Begun again, it goes on: what was moved is not hot any more. */
async function cool(deps: TieringJobDeps, task: RunningTask): Promise<void> {
  const { store, move, marks, transact, audit, clock, policy, rate } = deps;
  await waitForTurn(deps, task);
  const { signal } = task;
  const pace = createPace(rate);
  const rules = await store.listRules();
  const tally = { looked: 0, moved: 0, moved_bytes: 0, damaged: 0 };
  const say = () => {
    task.report(`${tally.moved} of ${tally.looked} blobs moved, ${(tally.moved_bytes / 2 ** 20).toFixed(1)} MiB`);
    task.note(tally);
  };
  const widest = widestOf(policy, rules);
  let afterId = 0;
  while (widest !== undefined) {
    const filter = { before: clock() - widest.afterMs, minSize: widest.minSize, afterId, limit: blobsAtOnce };
    const candidates = await store.listHot(filter);
    for (const blob of candidates) {
      signal.throwIfAborted();
      tally.looked += 1;
      if (!isCold(blob, policiesOf(blob, policy, rules), clock())) continue;
      const outcome = await move(blob, { to: 'cold', pace, signal });
      if (outcome === 'damaged') tally.damaged += 1;
      if (outcome !== 'moved') continue;
      tally.moved += 1;
      tally.moved_bytes += blob.size;
      deps.onMoved(blob);
      say();
    }
    const last = candidates.at(-1);
    if (last === undefined) break;
    afterId = last.id;
  }
  say();
  await transact(async (tx) => {
    await marks.write(tx, tieringMark, { at: clock(), detail: tally });
    if (tally.moved === 0) return;
    await audit.write(tx, {
      action: 'move-content',
      asker: mover,
      resource: `${tally.moved} blobs`,
      outcome: 'success',
      detail: { to: 'cold', bytes: tally.moved_bytes, execution: task.executionId },
    });
  });
}

/** One run at a time over all processes: of several the one that was begun first. */
async function waitForTurn({ jobs }: TieringJobDeps, task: RunningTask): Promise<void> {
  while ((await jobs.listRunning()).some(({ type, id }) => type === tieringType && id < task.id)) {
    task.report('waits for another run');
    await sleep(turnMs, undefined, { signal: task.signal });
  }
}

const policiesOf = ({ projectIds }: Candidate, general: TieringPolicy, rules: ReadonlyMap<number, ProjectTiering>) =>
  projectIds.map((id) => policyOf(general, rules.get(id)));

/** What lets go of most, so that no blob that any policy would move is left out; undefined where none moves any. */
function widestOf(general: TieringPolicy, rules: ReadonlyMap<number, ProjectTiering>) {
  const all = [general, ...[...rules.values()].map((rule) => policyOf(general, rule))].filter(({ enabled }) => enabled);
  if (all.length === 0) return undefined;
  return {
    afterMs: Math.min(...all.map(({ afterMs }) => afterMs)),
    minSize: Math.min(...all.map(({ minSize }) => minSize)),
  };
}
