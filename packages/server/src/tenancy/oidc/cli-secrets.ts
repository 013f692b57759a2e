import { randomBytes } from 'node:crypto';
import { type Asker, isAdmin, type UserActor, userIdOf } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import { createKeyedHash, type SecretBox } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { peek } from '#tenancy/issuers';
import type { Provider } from './provider.ts';
import type { Standing } from './standing.ts';
import type { OidcStore } from './store.ts';
import type { OidcIdentity, OidcSettings } from './types.ts';

/** What an account knows of its sign-in at the provider. */
export interface OidcMeta {
  readonly userId: number;
  readonly issuer: string;
  readonly subject: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** How people of the provider come in without a browser. */
export interface CliSecrets {
  /**
   * Who signs in with this name and CLI secret. Undefined for a name that the provider does not know here, a wrong
   * secret, and for somebody whom the provider no longer lets in.
   */
  signIn(userName: string, secret: string): Promise<UserActor | undefined>;
  /** Who holds this ID token of the provider. Undefined for what is no token of it; fails with `unauthorized` for a bad one. */
  findByIdToken(token: string): Promise<UserActor | undefined>;
  /** Undefined where the user does not sign in at the provider. */
  find(userId: number): Promise<OidcMeta | undefined>;
  /** The secret itself: for the eyes of its owner only. */
  reveal(userId: number): Promise<string | undefined>;
  /**
   * Sets the secret, or draws one. Fails with `denied` for that of somebody else, which only administrators of the
   * registry set, `precondition-failed` for a user of another place, `body-invalid` for a weak one.
   */
  set(asker: Asker, userId: number, secret: string | undefined): Promise<void>;
}

export interface CliSecretsDeps {
  readonly store: OidcStore;
  readonly standing: Pick<Standing, 'confirm'>;
  readonly provider: Pick<Provider, 'verify'>;
  readonly settings: () => OidcSettings | undefined;
  readonly transact: Transact;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
}

export const cliSecretPlace = (userId: number) => `oidc_identity/cli_secret/${userId}`;

/** 192 random bits. */
export const drawCliSecret = () => randomBytes(24).toString('base64url');

/** As Harbor asks of it. */
const grammar = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,128}$/s;

/** Whether a token says that it is an ID token for us, before it is believed. */
function isFrom(said: { issuer: string; audiences: readonly string[] }, { endpoint, clientId }: OidcSettings): boolean {
  const bare = (issuer: string) => issuer.replace(/\/+$/, '');
  return bare(said.issuer) === bare(endpoint) && said.audiences.includes(clientId);
}

/** When somebody last came in is written down this often. */
const touchMs = 5 * 60_000;

export function createCliSecrets(deps: CliSecretsDeps): CliSecrets {
  const { store, standing, box, transact, clock } = deps;
  // Both sides are hashed under a key of this process: the comparison takes as long for a near miss as for a far one.
  const hash = createKeyedHash(randomBytes(32));

  async function admit(identity: OidcIdentity | undefined): Promise<UserActor | undefined> {
    const today = identity && (await standing.confirm(identity));
    if (today === undefined) return undefined;
    if (clock() - today.usedAt > touchMs) {
      await transact((tx) => store.touch(tx, today.userId, clock()), { durable: false });
    }
    return { kind: 'user', userId: today.userId, name: today.userName, admin: today.admin };
  }

  return {
    async signIn(userName, secret) {
      if (deps.settings() === undefined) return undefined;
      const identity = await store.findByName(userName);
      if (identity === undefined) return undefined;
      const { userId } = identity;
      const kept = hash.of(box.open(identity.cliSecret, cliSecretPlace(userId)), `user/${userId}`);
      return hash.matches(secret, `user/${userId}`, kept) ? admit(identity) : undefined;
    },
    async findByIdToken(token) {
      const settings = deps.settings();
      const said = peek(token);
      if (settings === undefined || said === undefined || !isFrom(said, settings)) return undefined;
      const { issuer, subject } = await deps.provider.verify(settings, token);
      const actor = await admit(await store.findBySubject(issuer, subject));
      if (actor === undefined)
        throw new RegistryError('unauthorized', 'The account of the token is not there or not let in.');
      return actor;
    },
    async find(userId) {
      const identity = await store.findByUser(userId);
      if (identity === undefined) return undefined;
      const { issuer, subject, createdAt, updatedAt } = identity;
      return { userId, issuer, subject, createdAt, updatedAt };
    },
    async reveal(userId) {
      const identity = await store.findByUser(userId);
      return identity && box.open(identity.cliSecret, cliSecretPlace(userId));
    },
    async set(asker, userId, secret) {
      // Who sets a secret acts as its owner, as with passwords.
      if (userIdOf(asker.actor) !== userId && !isAdmin(asker.actor)) {
        throw new RegistryError('denied', 'Only administrators of the registry may set secrets of others.');
      }
      const identity = await store.findByUser(userId);
      if (identity === undefined) {
        throw new RegistryError('precondition-failed', 'Only users of an OpenID provider have a CLI secret.');
      }
      if (secret !== undefined && !grammar.test(secret)) {
        throw new RegistryError(
          'body-invalid',
          'secret: expected 8 to 128 characters with at least one upper-case letter, one lower-case letter and one digit.',
        );
      }
      const sealed = box.seal(secret ?? drawCliSecret(), cliSecretPlace(userId));
      await transact(async (tx) => {
        await store.setCliSecret(tx, userId, sealed, clock());
        await deps.audit.write(tx, {
          action: 'create-cli-secret',
          asker,
          resource: identity.userName,
          outcome: 'success',
        });
      });
    },
  };
}
