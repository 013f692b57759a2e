import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { PasswordHasher } from '#platform/crypto';
import type { GuardedRequest } from '#platform/outbound';
import type { UserStore } from './store.ts';

/** Keeps out passwords that others know already, and those that an account had before. */
export interface Freshness {
  /** Fails with `body-invalid`. Without an id it is a new account, which had none before. */
  assertFresh(password: string, id: number | undefined): Promise<void>;
  /** Keeps the hash that an account has now, in the transaction that replaces it. */
  rememberOld(tx: Transaction, id: number): Promise<void>;
}

export interface FreshnessOptions {
  /** SHA-1 hashes of broken passwords in hexadecimal, or beginnings of them, one a line; what follows a colon is left out. */
  readonly breachedFile: string | undefined;
  /** Where a list is asked by the first five signs of a hash (`<url>/<five signs>`), so that nobody learns the password. */
  readonly breachedUrl: string | undefined;
  /** How many passwords of an account are remembered, the present one among them; none when 0. */
  readonly history: number;
}

export interface FreshnessDeps extends FreshnessOptions {
  readonly store: Pick<UserStore, 'findById' | 'listOldPasswords' | 'keepOldPassword'>;
  readonly hasher: Pick<PasswordHasher, 'verify'>;
  readonly request: GuardedRequest;
  /** Told when the list could not be asked: people can change their passwords all the same. */
  readonly onUnknown: (error: unknown) => void;
}

/** Shorter beginnings would stand for too many passwords that nobody broke. */
const shortestPrefix = 10;
const prefixLength = 5;
const timeoutMs = 3000;

/** The hash under which lists of broken passwords are kept: for looking up, not for keeping. */
const sha1 = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase();

/** Opens the file of hashes, where there is one. Rejects where it cannot be read or holds something else. */
export async function openFreshness(deps: FreshnessDeps): Promise<Freshness> {
  const known = deps.breachedFile === undefined ? undefined : await readHashes(deps.breachedFile);

  async function isBroken(password: string): Promise<boolean> {
    const hash = sha1(password);
    if (known?.(hash) === true) return true;
    if (deps.breachedUrl === undefined) return false;
    try {
      const answer = await deps.request({
        url: `${deps.breachedUrl.replace(/\/$/, '')}/${hash.slice(0, prefixLength)}`,
        field: 'auth.breached_passwords_url',
        headers: { 'add-padding': 'true' },
        timeoutMs,
      });
      if (answer.status !== 200) throw new Error(`the list of broken passwords answered with ${answer.status}`);
      // Padding has a count of nought.
      const wanted = new RegExp(`^${hash.slice(prefixLength)}:0*[1-9]`, 'im');
      return wanted.test(answer.body.toString('latin1'));
    } catch (error) {
      deps.onUnknown(error);
      return false;
    }
  }

  async function wasBefore(password: string, id: number): Promise<boolean> {
    const present = (await deps.store.findById(id))?.password;
    const old = await deps.store.listOldPasswords(id, deps.history - 1);
    for (const hash of present === undefined ? old : [present, ...old]) {
      if (await deps.hasher.verify(password, hash)) return true;
    }
    return false;
  }

  return {
    async assertFresh(password, id) {
      if (await isBroken(password)) {
        throw new RegistryError('body-invalid', 'This password is in a list of broken passwords: choose another one.');
      }
      if (id !== undefined && deps.history > 0 && (await wasBefore(password, id))) {
        throw new RegistryError('body-invalid', 'The account had this password before: choose another one.');
      }
    },
    async rememberOld(tx, id) {
      if (deps.history > 1) await deps.store.keepOldPassword(tx, id, deps.history - 1);
    },
  };
}

async function readHashes(path: string): Promise<(hash: string) => boolean> {
  const hashes = new Set<string>();
  const lengths = new Set<number>();
  const lines = createInterface({ input: createReadStream(path, 'latin1'), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const hash = (line.split(':', 1)[0] ?? '').trim().toUpperCase();
    if (hash === '') continue;
    if (!/^[0-9A-F]{10,40}$/.test(hash)) {
      throw new Error(
        `auth.breached_passwords_file: ${path} holds lines that are no SHA-1 in ${shortestPrefix} to 40 signs.`,
      );
    }
    hashes.add(hash);
    lengths.add(hash.length);
  }
  return (hash) => [...lengths].some((length) => hashes.has(hash.slice(0, length)));
}
