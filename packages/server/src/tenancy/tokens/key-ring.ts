import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Clock } from '#kernel/clock';
import type { NewId } from '#kernel/ids';
import type { Transact } from '#kernel/transaction';
import { isSealed, type SecretBox } from '#platform/crypto';
import type { SigningKeyStore, StoredKey } from './store.ts';

export const algorithm = 'ES256';

interface LoadedKey {
  readonly kid: string;
  readonly createdAt: number;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export interface KeyRing {
  /** The key to sign with: the newest, made anew when it has served its time. */
  current(): Promise<LoadedKey>;
  /** The public key of that name; undefined when it was never ours or is gone. */
  find(kid: string): Promise<CryptoKey | undefined>;
}

export interface KeyRingDeps {
  readonly store: SigningKeyStore;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly rotationMs: number;
  /** How long a key verifies after it stopped signing: the longest life of a token. */
  readonly overlapMs: number;
}

/** How often an unknown key name sends us to the database: another node may have rotated, or somebody is guessing. */
const reloadEveryMs = 1000;

/** What the sealed text is bound to: `resealColumns` spells it the same. */
const placeOf = (kid: string) => `signing_key/private_jwk/${kid}`;

/** Keys live in the database, so that every node verifies what any node signed. */
export function createKeyRing({ store, box, transact, clock, newId, rotationMs, overlapMs }: KeyRingDeps): KeyRing {
  let keys: readonly LoadedKey[] = [];
  let loadedAt = 0;
  let loading: Promise<void> | undefined;
  let rotating: Promise<void> | undefined;

  async function load(): Promise<void> {
    const stored = await store.list();
    // What is loaded stays: a key that was sealed anew elsewhere, with a secret this process does not have, is no other.
    keys = await Promise.all(stored.map(async (row) => keys.find(({ kid }) => kid === row.kid) ?? open(row)));
    loadedAt = clock();
  }

  async function open({ kid, sealedJwk, createdAt }: StoredKey): Promise<LoadedKey> {
    const jwk = JSON.parse(isSealed(sealedJwk) ? box.open(sealedJwk, placeOf(kid)) : sealedJwk) as JWK;
    const { d: _, ...publicJwk } = jwk;
    const [privateKey, publicKey] = await Promise.all([importJWK(jwk, algorithm), importJWK(publicJwk, algorithm)]);
    return { kid, createdAt, privateKey: privateKey as CryptoKey, publicKey: publicKey as CryptoKey };
  }

  function reload(): Promise<void> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function rotate(): Promise<void> {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const at = clock();
    const kid = newId();
    const sealedJwk = box.seal(JSON.stringify(await exportJWK(pair.privateKey)), placeOf(kid));
    const key = { kid, sealedJwk, createdAt: at };
    await transact(async (tx) => {
      await store.insertUnlessNewer(tx, key, at - rotationMs);
      await store.deleteOlder(tx, at - 2 * rotationMs - overlapMs);
    });
    await reload();
  }

  const fresh = () => keys[0] !== undefined && keys[0].createdAt > clock() - rotationMs;

  return {
    async current() {
      if (!fresh()) await reload();
      if (!fresh()) {
        rotating ??= rotate().finally(() => {
          rotating = undefined;
        });
        await rotating;
      }
      return keys[0] as LoadedKey;
    },
    async find(kid) {
      const known = () => keys.find((key) => key.kid === kid)?.publicKey;
      if (known() === undefined && clock() - loadedAt > reloadEveryMs) await reload();
      return known();
    },
  };
}
