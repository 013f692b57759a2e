import { actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Events } from '#platform/outbox';
import type { PushedContent, PushPlace, PushPolicy, PushVerdict, UploadRoom } from '#registry/ports';
import { projectNameOf } from '#tenancy/projects';
import type { Folding } from './folding.ts';
import { isFarFromFull, refuse, warningAbout } from './rules.ts';
import type { QuotaStore } from './store.ts';
import type { Usage } from './types.ts';

export interface QuotaPolicy extends PushPolicy {
  /** What is remembered of a project's limit is not true any more. */
  forget(projectId: number): void;
}

export interface QuotaPolicyDeps {
  readonly store: QuotaStore;
  readonly folding: Pick<Folding, 'notice'>;
  readonly events: Events;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Whether limits hold at all, by the settings. */
  readonly isEnforced: () => boolean;
}

/** How long another node's change of a limit may go unnoticed where it only saves bytes from coming in vain. */
const rememberMs = 2000;
const mostRemembered = 10_000;

/** A ledger this long is folded at once: every push near a limit adds it up. */
const longLedger = 500;

const admitted: PushVerdict = { kind: 'admitted' };
const unlimited: UploadRoom = {
  bytes: Number.POSITIVE_INFINITY,
  refuse: (size) => refuse(size, 0, 0),
};

/** Refuses what would take a project beyond its limit. */
export function createQuotaPolicy(deps: QuotaPolicyDeps): QuotaPolicy {
  const { store, folding, events, transact, clock, isEnforced } = deps;
  const limits = new Map<number, { readonly hard: number; readonly until: number }>();

  /** Good enough to save bytes from coming, not to admit them. */
  async function isLimited(projectId: number): Promise<boolean> {
    if (!isEnforced()) return false;
    const known = limits.get(projectId);
    if (known !== undefined && known.until > clock()) return known.hard >= 0;
    const hard = (await store.findLimit(projectId)) ?? -1;
    if (limits.size >= mostRemembered) limits.clear();
    limits.set(projectId, { hard, until: clock() + rememberMs });
    return hard >= 0;
  }

  async function measure(projectId: number, tx?: Transaction): Promise<Usage | undefined> {
    const usage = await store.measure(projectId, tx);
    if (usage !== undefined && usage.pending >= longLedger) folding.notice(projectId);
    return usage;
  }

  /** Undefined where nothing is limited. */
  async function look(tx: Transaction, projectId: number, content: PushedContent) {
    const usage = await measure(projectId, tx);
    if (usage === undefined || usage.hard < 0) return undefined;
    return { ...usage, adding: await store.measureNew(tx, projectId, content) };
  }

  async function tell(kind: 'quota-exceeded' | 'quota-warning', place: PushPlace, message: string): Promise<void> {
    const { projectId, repository, asker } = place;
    const what = kind === 'quota-warning' ? 'warned' : 'exceeded';
    const usage = await store.measure(projectId);
    if (usage === undefined || usage[what]) return;
    await transact(async (tx) => {
      if (!(await store.mark(tx, projectId, what))) return;
      await events.emit(tx, {
        kind,
        projectId,
        projectName: projectNameOf(repository),
        operator: asker === undefined ? '' : actorName(asker.actor),
        ...(asker && { requestId: asker.requestId }),
        repository,
        used: usage.used,
        limit: usage.hard,
        message,
      });
    });
  }

  return {
    forget: (projectId) => void limits.delete(projectId),

    async openUpload({ projectId }) {
      if (!(await isLimited(projectId))) return admitted;
      const usage = await measure(projectId);
      if (usage === undefined || usage.hard < 0) return admitted;
      const taken = usage.used + (await store.measureUploads(projectId));
      return taken < usage.hard ? admitted : refuse(1, taken, usage.hard);
    },

    async roomOf({ projectId }, digest) {
      if (!(await isLimited(projectId))) return unlimited;
      const usage = await measure(projectId);
      if (usage === undefined || usage.hard < 0) return unlimited;
      // What the project holds already takes no room.
      if (digest !== undefined && (await store.holdsBlob(projectId, digest))) return unlimited;
      const { used, hard } = usage;
      return { bytes: Math.max(hard - used, 0), refuse: (size) => refuse(size, used, hard) };
    },

    async admit(tx, { projectId }, content) {
      if (!isEnforced()) return admitted;
      const first = await look(tx, projectId, content);
      if (first === undefined) return admitted;
      let seen = first;
      const lockAndLook = async (how: 'shared' | 'alone') => {
        if (await store.lock(tx, projectId, how)) seen = (await look(tx, projectId, content)) ?? seen;
      };
      if (seen.adding > 0) {
        // Two transactions that want more than they share wait for each other, so what it takes is guessed before, with
        // a margin; where the guess fails, the database has one of them run again.
        const shared = isFarFromFull(seen.adding, seen, 1.25);
        await lockAndLook(shared ? 'shared' : 'alone');
        if (shared && !isFarFromFull(seen.adding, seen)) await lockAndLook('alone');
      }
      const after = seen.used + seen.adding;
      if (seen.adding > 0 && after > seen.hard) return refuse(seen.adding, seen.used, seen.hard);
      return { ...admitted, warning: warningAbout(after, seen.hard) };
    },

    refused: (place, verdict) => tell('quota-exceeded', place, verdict.message),
    warned: (place, warning) => tell('quota-warning', place, warning),
  };
}
