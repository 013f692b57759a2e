import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#kernel/clock';
import type { Transact, Transaction } from '#kernel/transaction';
import type { SecretBox } from '#platform/crypto';
import type { Logger } from '#platform/log';
import { hasOverage, readMembership } from './claims.ts';
import type { Provider, ProviderAnswer } from './provider.ts';
import type { OidcStore } from './store.ts';
import type { OidcIdentity, OidcSettings } from './types.ts';

/** Whether the provider still lets people in, and what it says of them. */
export interface Standing {
  /**
   * The identity as it stands: what the provider said in the last quarter of an hour counts, otherwise it is asked.
   * Undefined when the account is disabled, when the provider says no, and when it cannot be asked: without a refresh
   * token, or when it has been away for hours.
   */
  confirm(identity: OidcIdentity): Promise<OidcIdentity | undefined>;
  /** Asks about everybody whose time has come and who is around. Answers how many were asked about. */
  refreshDue(): Promise<number>;
  /** Writes down what the provider just said of a known user. */
  take(tx: Transaction, userId: number, answer: ProviderAnswer, settings: OidcSettings): Promise<boolean>;
}

export interface StandingDeps {
  readonly store: OidcStore;
  readonly provider: Pick<Provider, 'refresh'>;
  readonly settings: () => OidcSettings | undefined;
  readonly transact: Transact;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when somebody's groups or administration changed, so that nothing cached says otherwise on this node. */
  readonly onMembershipChanged: () => void;
}

const minute = 60_000;

/** Groups that were taken away are gone after so long at most. */
const goodMs = 15 * minute;

/** In the background it is asked well before. */
const dueMs = 10 * minute;

/** Who did not come in for so long is asked about when he does. */
const aroundMs = 30 * minute;

/** While the provider is away, what it said last counts so long: a fault of its must not stop every pull. */
const graceMs = 4 * 60 * minute;

const awayMs = minute;

/** One node asks at a time: a refresh token is often good for one use. */
const claimMs = minute;

const mostAtOnce = 8;
const mostInARound = 500;

/** Issuers are written with or without a slash at the end. */
const bare = (issuer: string) => issuer.replace(/\/+$/, '');

export const refreshTokenPlace = (userId: number) => `oidc_identity/refresh_token/${userId}`;

export function createStanding(deps: StandingDeps): Standing {
  const { store, provider, transact, box, clock, logger } = deps;
  const asking = new Map<number, Promise<OidcIdentity | undefined>>();
  /** After no answer the provider is left alone for a while: everybody who comes would wait for it. */
  let awayUntil = 0;

  async function take(
    tx: Transaction,
    userId: number,
    answer: ProviderAnswer,
    settings: OidcSettings,
    used = true,
  ): Promise<boolean> {
    if (hasOverage(answer.claims, settings.groupsClaim)) {
      logger.warn(
        { userId },
        'The provider leaves groups out of tokens because there are too many; the user has none.',
      );
    }
    const sealed = answer.refreshToken && box.seal(answer.refreshToken, refreshTokenPlace(userId));
    await store.confirm(tx, userId, { refreshToken: sealed, used, at: clock() });
    return store.replaceMembership(tx, userId, readMembership(answer.claims, settings), clock());
  }

  /** Asks the provider, as the only one who does. */
  async function ask(identity: OidcIdentity, settings: OidcSettings, refreshToken: string): Promise<void> {
    const { userId, subject } = identity;
    try {
      const given = await provider.refresh(settings, box.open(refreshToken, refreshTokenPlace(userId)), subject);
      const answer = given !== 'refused' && given.issuer !== identity.issuer ? 'refused' : given;
      const changed = await transact(async (tx) => {
        if (answer !== 'refused') return take(tx, userId, answer, settings, false);
        await store.refuse(tx, userId, clock());
        return true;
      });
      if (changed) deps.onMembershipChanged();
      if (answer === 'refused') logger.info({ userId }, 'The provider no longer lets a user in.');
    } catch (error) {
      awayUntil = clock() + awayMs;
      logger.warn({ userId, error }, 'The provider gave no answer about a user; what it said last counts for hours.');
      await transact((tx) => store.unclaim(tx, userId), { durable: false });
    }
  }

  async function refresh(identity: OidcIdentity): Promise<OidcIdentity | undefined> {
    const { userId, checkedAt, refreshToken } = identity;
    const settings = deps.settings();
    if (settings === undefined || refreshToken === undefined) return undefined;
    const now = clock();
    if (await transact((tx) => store.claim(tx, userId, checkedAt, now, now + claimMs), { durable: false })) {
      await ask(identity, settings, refreshToken);
    } else {
      // Another node is asking; it will not take long.
      for (let wait = 0; wait < 20 && (await store.findByUser(userId))?.checkedAt === checkedAt; wait++)
        await sleep(250);
    }
    return store.findByUser(userId);
  }

  function refreshOnce(identity: OidcIdentity): Promise<OidcIdentity | undefined> {
    const { userId } = identity;
    const running = asking.get(userId) ?? refresh(identity).finally(() => asking.delete(userId));
    asking.set(userId, running);
    return running;
  }

  /** Somebody of another provider than the one of today is nobody. */
  function isIn(identity: OidcIdentity | undefined): identity is OidcIdentity {
    const endpoint = deps.settings()?.endpoint;
    if (identity === undefined || endpoint === undefined || !identity.allowed || identity.disabled) return false;
    return bare(identity.issuer) === bare(endpoint);
  }

  return {
    async confirm(identity) {
      if (!isIn(identity)) return undefined;
      if (clock() - identity.checkedAt < goodMs) return identity;
      if (identity.refreshToken === undefined) return undefined;
      const today = clock() < awayUntil ? identity : await refreshOnce(identity);
      return isIn(today) && clock() - today.checkedAt < graceMs ? today : undefined;
    },
    async refreshDue() {
      if (deps.settings() === undefined || clock() < awayUntil) return 0;
      const due = await store.listDue(clock() - dueMs, clock() - aroundMs, mostInARound);
      const left = due.values();
      const work = async () => {
        for (const userId of left) {
          const identity = await store.findByUser(userId);
          if (isIn(identity)) await refreshOnce(identity);
        }
      };
      await Promise.all(Array.from({ length: mostAtOnce }, work));
      return due.length;
    },
    take,
  };
}
