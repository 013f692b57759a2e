import { actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Events } from '#platform/outbox';
import type { PushedContent, PushPlace, PushPolicy, PushVerdict, UploadRoom } from '#registry/ports';
import { projectNameOf } from '#tenancy/projects';
import type { Folding } from './folding.ts';
import { isFarFromFull, refuse, warningAbout } from './rules.ts';
import type { QuotaStore } from './store.ts';
import type { Amounts, Usage } from './types.ts';

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

const admitted = { kind: 'admitted' } as const satisfies PushVerdict;
const unlimited: UploadRoom = {
  bytes: Number.POSITIVE_INFINITY,
  refuse: (size) => refuse('storage', size, 0, 0),
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

  /** What a push sees of the account, and what it may add to it; undefined where nothing is limited. */
  async function look(tx: Transaction, projectId: number, content: PushedContent) {
    const usage = await measure(projectId, tx);
    if (usage === undefined || (usage.hard.storage < 0 && usage.hard.count < 0)) return undefined;
    const storage = usage.hard.storage < 0 ? 0 : await store.measureNew(tx, projectId, content);
    // How many of them lists will show is known when they are written.
    const count = usage.hard.count < 0 ? 0 : (content.manifests?.length ?? 0);
    return { ...usage, adding: { storage, count } };
  }

  /** Counts what the push has written: parts that found their index do not count any more, and this takes them off. */
  async function confirm(tx: Transaction, projectId: number, before: Usage): Promise<PushVerdict> {
    const after = (await measure(projectId, tx)) ?? before;
    const adding = after.used.count - before.used.count;
    const { count: hard } = before.hard;
    if (adding > 0 && after.used.count > hard) return refuse('count', adding, before.used.count, hard);
    return { ...admitted, warning: warningAbout(after.used, before.hard) };
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
        used: usage.used.storage,
        limit: usage.hard.storage,
        message,
      });
    });
  }

  return {
    forget: (projectId) => void limits.delete(projectId),

    async openUpload({ projectId }) {
      if (!(await isLimited(projectId))) return admitted;
      const usage = await measure(projectId);
      if (usage === undefined || usage.hard.storage < 0) return admitted;
      const { used, hard } = { used: usage.used.storage, hard: usage.hard.storage };
      const taken = used + (await store.measureUploads(projectId));
      return taken < hard ? admitted : refuse('storage', 1, taken, hard);
    },

    async roomOf({ projectId }, digest) {
      if (!(await isLimited(projectId))) return unlimited;
      const usage = await measure(projectId);
      if (usage === undefined || usage.hard.storage < 0) return unlimited;
      // What the project holds already takes no room.
      if (digest !== undefined && (await store.holdsBlob(projectId, digest))) return unlimited;
      const { used, hard } = { used: usage.used.storage, hard: usage.hard.storage };
      return { bytes: Math.max(hard - used, 0), refuse: (size) => refuse('storage', size, used, hard) };
    },

    async admit(tx, { projectId }, content) {
      if (!isEnforced()) return admitted;
      const first = await look(tx, projectId, content);
      if (first === undefined) return admitted;
      let seen = first;
      const lockAndLook = async (how: 'shared' | 'alone') => {
        if (await store.lock(tx, projectId, how)) seen = (await look(tx, projectId, content)) ?? seen;
      };
      const isFar = (margin?: number) => isFarFromFullIn('storage', margin) && isFarFromFullIn('count', margin);
      const isFarFromFullIn = (resource: keyof Amounts, margin?: number) =>
        isFarFromFull(seen.adding[resource], { used: seen.used[resource], hard: seen.hard[resource] }, margin);
      if (seen.adding.storage > 0 || seen.adding.count > 0) {
        // Two transactions that want more than they share wait for each other, so what it takes is guessed before, with
        // a margin; where the guess fails, the database has one of them run again.
        const shared = isFar(1.25);
        await lockAndLook(shared ? 'shared' : 'alone');
        if (shared && !isFar()) await lockAndLook('alone');
      }
      const { adding, used, hard } = seen;
      const after = { storage: used.storage + adding.storage, count: used.count };
      if (adding.storage > 0 && after.storage > hard.storage)
        return refuse('storage', adding.storage, used.storage, hard.storage);
      const { artifacts = 0 } = content;
      if (hard.count >= 0 && artifacts > 0 && used.count + artifacts > hard.count)
        return refuse('count', artifacts, used.count, hard.count);
      const counted = isFarFromFullIn('count') ? undefined : seen;
      return {
        ...admitted,
        warning: warningAbout(after, hard),
        ...(counted && { confirm: () => confirm(tx, projectId, counted) }),
      };
    },

    refused: (place, verdict) => tell('quota-exceeded', place, verdict.message),
    warned: (place, warning) => tell('quota-warning', place, warning),
  };
}
