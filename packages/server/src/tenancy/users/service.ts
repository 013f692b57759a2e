import { randomBytes } from 'node:crypto';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { PasswordHasher } from '#platform/crypto';
import { assertPassword, assertPasswordLength } from './password-rules.ts';
import type { UserStore } from './store.ts';

export const adminName = 'admin';

export interface Users {
  /** Makes a local user. Fails with `body-invalid` for a name or password that cannot be. */
  create(user: { name: string; password: string; admin: boolean }): Promise<number>;
  setPassword(id: number, password: string): Promise<void>;
  setDisabled(id: number, disabled: boolean): Promise<void>;
  /**
   * Makes the first administrator when there is none. Answers with the password if it had to invent one, which is
   * shown once and kept nowhere.
   */
  ensureAdmin(given: string | undefined): Promise<{ readonly created: boolean; readonly invented: string | undefined }>;
}

export interface UsersDeps {
  readonly store: UserStore;
  readonly transact: Transact;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
}

/** No colon (Basic credentials end the name there), no white space or control characters, no `$` (robots own it). */
const namePattern = /^[\p{L}\p{N}._@+-]{1,255}$/u;

/** Whether an account can have this name. */
export const isUserName = (name: string): boolean => namePattern.test(name);

export function assertUserName(name: string): void {
  if (isUserName(name)) return;
  throw new RegistryError('body-invalid', 'A user name has 1 to 255 letters, digits and . _ @ + - characters.');
}

export function createUsers({ store, transact, hasher, clock }: UsersDeps): Users {
  return {
    async create(user) {
      assertUserName(user.name);
      assertPassword(user.password, user.name);
      const password = await hasher.hash(user.password);
      const id = await transact((tx) => store.insert(tx, { ...user, password, at: clock() }));
      if (id === undefined) throw new RegistryError('body-invalid', `The user ${user.name} exists already.`);
      return id;
    },
    async setPassword(id, password) {
      assertPassword(password, (await store.findById(id))?.name ?? '');
      const hash = await hasher.hash(password);
      await transact((tx) => store.setPassword(tx, id, hash, clock()));
    },
    setDisabled: (id, disabled) => transact((tx) => store.setDisabled(tx, id, disabled, clock())),
    async ensureAdmin(given) {
      if ((await store.find(adminName)) !== undefined) return { created: false, invented: undefined };
      if (given !== undefined) assertPasswordLength(given, 'The password of the first administrator');
      const password = given ?? randomBytes(15).toString('base64url');
      const hash = await hasher.hash(password);
      const id = await transact((tx) =>
        store.insert(tx, { name: adminName, password: hash, admin: true, at: clock() }),
      );
      // Another node that started at the same time was first: its password is the one that counts.
      if (id === undefined) return { created: false, invented: undefined };
      return { created: true, invented: given === undefined ? password : undefined };
    },
  };
}
