import { createHash } from 'node:crypto';
import { anonymous, type RobotActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import { createExpiring } from '#platform/cache';
import { createSecretDigest } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { type Issuers, peek, type TokenClaims } from '#tenancy/issuers';
import type { LoginOrigin } from '#tenancy/logins';
import { assertAddress } from '#tenancy/robots';
import { meets } from './conditions.ts';
import type { FindRobotActor } from './service.ts';
import type { WorkloadIdentityStore } from './store.ts';
import type { WorkloadIdentity } from './types.ts';

/** Tokens of other issuers in exchange for a robot. */
export interface WorkloadExchange {
  /** Whether the text looks like a token of an issuer, of whichever. */
  isToken(text: string): boolean;
  /**
   * The robot that the token stands for; of several the one that is named in full. Each exchange has a row in the audit.
   * Fails with `unauthorized`, which tells the holder of a token that is good what it lacks.
   */
  exchange(token: string, origin: LoginOrigin, robotName?: string): Promise<RobotActor>;
  /** The same for a client that shows its token at each request: what it stands for is kept for half a minute. */
  signIn(token: string, origin: LoginOrigin, robotName?: string): Promise<RobotActor>;
}

export interface WorkloadExchangeDeps {
  readonly store: WorkloadIdentityStore;
  readonly issuers: Issuers;
  readonly findRobotActor: FindRobotActor;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write' | 'noteRefusal'>;
  readonly clock: Clock;
}

/** Identities of one issuer that are looked at: a public issuer has many. */
const mostIdentities = 1000;

/** A disabled robot or identity is noticed after so long at most. */
const verdictTtlMs = 30_000;

/** Tokens are taken so long after they end (`issuers` allows as much). */
const skewMs = 60_000;

interface Match {
  readonly identity: WorkloadIdentity;
  readonly robot: RobotActor;
  readonly claims: TokenClaims;
}

export function createWorkloadExchange(deps: WorkloadExchangeDeps): WorkloadExchange {
  const { store, issuers, transact, audit, clock } = deps;
  const verdicts = createExpiring<RobotActor>({ capacity: 10_000, ttlMs: verdictTtlMs, clock });
  const digest = createSecretDigest();

  /** The identities that the token meets. One check of the signature serves all that ask the same of it. */
  async function findMatches(token: string): Promise<readonly Match[]> {
    const said = peek(token);
    if (said === undefined) throw refused('it is not valid', 'it cannot be read');
    const audiences = new Set(said.audiences);
    const identities = (await store.listByIssuer(said.issuer, mostIdentities)).filter(({ audience }) =>
      audiences.has(audience),
    );
    // The same words as for a bad signature: whom somebody here trusts is for nobody to find out.
    if (identities.length === 0) throw refused('it is not valid', 'nobody here trusts its issuer and audience');
    const checked = new Map<string, Promise<TokenClaims>>();
    const matches: Match[] = [];
    let failure: unknown;
    for (const identity of identities) {
      const { issuer, audience, jwks, maxLifetimeMs } = identity;
      const key = JSON.stringify([audience, jwks, maxLifetimeMs]);
      const checking = checked.get(key) ?? issuers.verify(token, { issuer }, { audience, jwks, maxLifetimeMs });
      checked.set(key, checking);
      try {
        const claims = await checking;
        if (!meets(claims, identity.conditions)) continue;
        const robot = (await deps.findRobotActor(identity.robotId))?.actor;
        if (robot !== undefined) matches.push({ identity, robot, claims });
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        // Another identity may ask less of its life, or know its keys.
        failure = error;
      }
    }
    if (matches.length === 0) throw failure ?? refused('it meets the conditions of no workload identity');
    return matches;
  }

  /** Two identities of one robot are one answer; two robots are none, unless one is named. */
  function choose(matches: readonly Match[], robotName: string | undefined): Match {
    const named = robotName === undefined ? matches : matches.filter(({ robot }) => robot.name === robotName);
    const [first] = named;
    if (first === undefined) throw refused('it does not stand for this robot');
    if (named.some(({ robot }) => robot.robotId !== first.robot.robotId)) {
      throw refused('it stands for several robots; name the one you mean');
    }
    return first;
  }

  async function use(token: string, { identity, robot, claims }: Match, origin: LoginOrigin): Promise<void> {
    const now = clock();
    await transact(async (tx) => {
      if (identity.singleUse) {
        const until = (claims.exp ?? 0) * 1000 + skewMs;
        if (!(await store.useOnce(tx, hashOf(token, claims), until, now))) throw refused('it was used before');
      }
      await store.noteUse(tx, identity.id, now);
      await audit.write(tx, {
        action: 'exchange-token',
        asker: { actor: robot, address: origin.address, requestId: origin.requestId },
        ...(robot.projectId === undefined ? {} : { projectId: robot.projectId }),
        resource: identity.name,
        outcome: 'success',
        detail: {
          issuer: identity.issuer,
          subject: claims.sub,
          ...(claims.jti === undefined ? {} : { jti: claims.jti }),
        },
      });
    });
  }

  async function exchange(token: string, origin: LoginOrigin, robotName?: string): Promise<Match> {
    try {
      const match = choose(await findMatches(token), robotName);
      assertAddress(match.robot, origin.address);
      await use(token, match, origin);
      return match;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'unauthorized') {
        audit.noteRefusal({
          action: 'exchange-token',
          asker: { actor: anonymous, address: origin.address, requestId: origin.requestId },
          resource: (peek(token)?.issuer ?? 'unreadable').slice(0, 255).replaceAll('\0', '\ufffd'),
          outcome: 'failure',
          detail: { reason: error.cause instanceof Error ? error.cause.message.slice(0, 200) : error.message },
        });
      }
      throw error;
    }
  }

  return {
    isToken: (text) => peek(text) !== undefined,
    exchange: async (token, origin, robotName) => (await exchange(token, origin, robotName)).robot,
    async signIn(token, origin, robotName) {
      const key = digest(`${robotName ?? ''}\0${token}`);
      const known = verdicts.get(key);
      if (known !== undefined) {
        assertAddress(known, origin.address);
        return known;
      }
      const { robot, identity, claims } = await exchange(token, origin, robotName);
      const left = (claims.exp ?? 0) * 1000 + skewMs - clock();
      if (!identity.singleUse && left > 0) verdicts.set(key, robot, Math.min(verdictTtlMs, left));
      return robot;
    },
  };
}

/** A token is known by the name its issuer gave it, or by all of it. */
function hashOf(token: string, { iss, jti }: TokenClaims): string {
  const text = jti === undefined ? `token ${token.slice(0, token.lastIndexOf('.'))}` : `jti ${iss} ${jti}`;
  return createHash('sha256').update(text).digest('base64url');
}

/** `reason` is for the audit only. */
function refused(why: string, reason?: string): RegistryError {
  const cause = reason === undefined ? undefined : new Error(reason);
  return new RegistryError('unauthorized', `The token is not accepted: ${why}.`, { cause });
}
