import type { Scope } from '@entrepot/oci/scope';
import { jwtVerify, SignJWT } from 'jose';
import {
  type Account,
  accountOf,
  type Actor,
  anonymous,
  type Grant,
  type RobotActor,
  type TokenActor,
} from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { NewId } from '#kernel/ids';
import { createExpiring } from '#platform/cache';
import { createSecretDigest } from '#platform/crypto';
import type { Eventually } from '#kernel/eventually';
import type { Access } from '#tenancy/access';
import type { UserStore } from '#tenancy/users';
import { algorithm, type KeyRing } from './key-ring.ts';
import { grantScopes, stillGranted } from './scopes.ts';

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly issuedAt: Date;
  readonly grants: readonly Grant[];
}

export interface Tokens {
  /** Signs what the actor may have of the asked-for scopes. */
  issue(actor: Actor, scopes: readonly Scope[]): Promise<IssuedToken>;
  /**
   * Who holds this token. The verdict is kept for half a minute, then the account and its rights are looked at again.
   * Fails with `unauthorized` for a token that is not ours, out of date, or whose account is gone.
   */
  verify(token: string): Eventually<TokenActor>;
}

export interface TokensDeps {
  readonly keys: KeyRing;
  readonly access: Access;
  readonly users: Pick<UserStore, 'findById'>;
  readonly robots: RobotLookup;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly serviceName: string;
  readonly pullTtlMs: number;
  readonly pushTtlMs: number;
}

/** Where robots are found; undefined for one that may not act now. */
export interface RobotLookup {
  findActor(id: number): Promise<{ readonly actor: RobotActor; readonly generation: number } | undefined>;
}

/** What our tokens carry beside the registered claims (distribution docs, token authentication). */
interface Claims {
  readonly access?: readonly {
    readonly type: string;
    readonly name: string;
    readonly actions: readonly string[];
    readonly project?: number;
  }[];
  readonly uid?: number;
  /** The id of a robot, in place of a user's. */
  readonly rid?: number;
  readonly gen?: number;
}

const verdictTtlMs = 30_000;
const skewSeconds = 60;
const tokenType = 'entrepot-registry+jwt';

export function createTokens(deps: TokensDeps): Tokens {
  const { keys, access, users, clock, serviceName } = deps;
  const issuer = `${serviceName}-token-service`;
  const verdicts = createExpiring<TokenActor>({ capacity: 10_000, ttlMs: verdictTtlMs, clock });
  const digest = createSecretDigest();

  async function check(token: string, key: string): Promise<TokenActor> {
    const payload = await readToken(token);
    const actor = await actorOf(payload);
    const expires = (payload.exp ?? 0) * 1000 + skewSeconds * 1000;
    verdicts.set(key, actor, Math.min(verdictTtlMs, Math.max(0, expires - clock())));
    return actor;
  }

  async function readToken(token: string) {
    try {
      const verified = await jwtVerify<Claims>(
        token,
        async (header) => {
          const key = typeof header.kid === 'string' ? await keys.find(header.kid) : undefined;
          if (key === undefined) throw new TypeError('unknown key');
          return key;
        },
        {
          algorithms: [algorithm],
          issuer,
          audience: serviceName,
          typ: tokenType,
          clockTolerance: skewSeconds,
          currentDate: new Date(clock()),
          requiredClaims: ['exp', 'nbf', 'iat', 'jti'],
        },
      );
      return verified.payload;
    } catch (cause) {
      throw new RegistryError('unauthorized', 'The token is not valid here or has expired; fetch a new one.', {
        cause,
      });
    }
  }

  /** The account of a user or a robot as it is today, and the generation its tokens carry. */
  async function findAccount(
    uid: number | undefined,
    rid: number | undefined,
  ): Promise<{ readonly actor: Account; readonly generation: number } | undefined> {
    if (rid !== undefined) return deps.robots.findActor(rid);
    const user = uid === undefined ? undefined : await users.findById(uid);
    if (user === undefined || user.disabled) return undefined;
    return {
      actor: { kind: 'user', userId: user.id, name: user.name, admin: user.admin },
      generation: user.generation,
    };
  }

  async function actorOf(claims: Claims): Promise<TokenActor> {
    const found = await findAccount(claims.uid, claims.rid);
    const somebodys = claims.uid !== undefined || claims.rid !== undefined;
    if (somebodys && found?.generation !== claims.gen) {
      throw new RegistryError('unauthorized', 'The account behind the token was changed or removed; sign in again.');
    }
    const account = found?.actor ?? anonymous;
    const signed = (claims.access ?? [])
      .filter((entry) => entry.type === 'repository')
      .map((entry) => ({ repository: entry.name, projectId: entry.project ?? 0, actions: entry.actions }));
    return {
      kind: 'token',
      account,
      grants: await stillGranted(access, account, signed),
      catalog: (claims.access ?? []).some((entry) => entry.type === 'registry' && entry.name === 'catalog'),
    };
  }

  return {
    async issue(actor, scopes) {
      const account = accountOf(actor);
      const grants = await grantScopes(access, actor, scopes);
      const catalog =
        account.kind !== 'anonymous' && scopes.some((scope) => scope.type === 'registry' && scope.name === 'catalog');
      const changes = grants.some((grant) => grant.actions.some((action) => action !== 'pull'));
      const ttlMs = changes ? deps.pushTtlMs : deps.pullTtlMs;
      const owner =
        account.kind === 'user' ? { uid: account.userId } : account.kind === 'robot' ? { rid: account.robotId } : {};
      const known = await findAccount(owner.uid, owner.rid);
      const key = await keys.current();
      const now = Math.floor(clock() / 1000);
      const accessClaim = [
        ...grants.map((grant) => ({
          type: 'repository',
          name: grant.repository,
          actions: grant.actions,
          project: grant.projectId,
        })),
        ...(catalog ? [{ type: 'registry', name: 'catalog', actions: ['*'] }] : []),
      ];
      const claims = { access: accessClaim, ...(known === undefined ? {} : { ...owner, gen: known.generation }) };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, typ: tokenType, kid: key.kid })
        .setIssuer(issuer)
        .setSubject(known?.actor.name ?? '')
        .setAudience(serviceName)
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + Math.floor(ttlMs / 1000))
        .setJti(deps.newId())
        .sign(key.privateKey);
      return { token, expiresInSeconds: Math.floor(ttlMs / 1000), issuedAt: new Date(now * 1000), grants };
    },
    verify(token) {
      const key = digest(token);
      return verdicts.get(key) ?? check(token, key);
    },
  };
}
