import { type Asker, isAdmin, userIdOf } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { PasswordHasher } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { assertPassword } from './password-rules.ts';
import type { UserReadModel } from './read-model.ts';
import { assertUserName } from './service.ts';
import type { UserStore } from './store.ts';
import type { Profile, UserDetail } from './types.ts';

export interface NewAccount extends Profile {
  readonly name: string;
  readonly password: string;
}

/** What people do with accounts. Whether they may at all was asked before; what may never be is refused here. */
export interface Accounts extends UserReadModel {
  /** Makes a local account that administers nothing. Fails with `body-invalid` or `conflict`. */
  create(asker: Asker, account: NewAccount): Promise<number>;
  /** Fails with `object-not-found`, `body-invalid`, `conflict`, or `denied` where only administrators may. */
  updateProfile(asker: Asker, id: number, profile: Profile): Promise<void>;
  /**
   * Changes the password of a local account: one's own with the one it has, others' as an administrator. Everything
   * issued to the account dies. Fails with `object-not-found`, `denied`, `body-invalid` or `login-throttled`.
   */
  changePassword(asker: Asker, id: number, given: { readonly old: string; readonly wanted: string }): Promise<void>;
  /** Makes somebody an administrator of the registry or no longer one, as one. Fails with `denied` for oneself. */
  setAdmin(asker: Asker, id: number, admin: boolean): Promise<void>;
  /** Removes an account with its roles, groups and sessions. Fails with `denied` for oneself and the last administrator. */
  remove(asker: Asker, id: number): Promise<void>;
}

export interface AccountsDeps {
  readonly store: UserStore;
  readonly readModel: UserReadModel;
  readonly transact: Transact;
  readonly hasher: Pick<PasswordHasher, 'hash'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Whether the password is that of the account, with all that slows guesses down. */
  readonly isPassword: (name: string, password: string, asker: Asker) => Promise<boolean>;
  /** Fails with `body-invalid` where the password is known to be broken, or was the account's before. */
  readonly assertFresh?: ((password: string, id: number | undefined) => Promise<void>) | undefined;
  /** Keeps the password that is being replaced, where that is asked for. */
  readonly rememberOld?: ((tx: Transaction, id: number) => Promise<void>) | undefined;
  /** Takes all roles of an account that is to go. */
  readonly takeRoles: (tx: Transaction, id: number) => Promise<void>;
  /** Called after a change, so that nothing that is remembered of sign-ins and roles says otherwise on this node. */
  readonly onChange: () => void;
}

const onlyAdministrators = (what: string) =>
  new RegistryError('denied', `Only administrators of the registry may ${what}.`);

export function createAccounts(deps: AccountsDeps): Accounts {
  const { store, readModel, transact, hasher, audit, clock } = deps;

  async function find(id: number): Promise<UserDetail> {
    const user = await readModel.get(id);
    if (user === undefined) throw new RegistryError('object-not-found', `user ${id} not found`);
    return user;
  }

  async function assertEmailFree(tx: Transaction, email: string | undefined, except: number | undefined) {
    if (!email || !(await store.isEmailTaken(tx, email, except))) return;
    throw new RegistryError('conflict', 'The email address belongs to another account.');
  }

  return {
    get: readModel.get,
    list: readModel.list,
    search: readModel.search,
    async create(asker, { name, password: wanted, ...profile }) {
      assertUserName(name);
      assertProfile(profile);
      assertPassword(wanted, name);
      await deps.assertFresh?.(wanted, undefined);
      const password = await hasher.hash(wanted);
      return transact(async (tx) => {
        await assertEmailFree(tx, profile.email, undefined);
        const id = await store.insert(tx, { ...profile, name, password, admin: false, at: clock() });
        if (id === undefined) throw new RegistryError('conflict', `The user ${name} exists already.`);
        await audit.write(tx, {
          action: 'create-user',
          asker,
          resource: name,
          outcome: 'success',
          after: { ...profile, source: 'local' },
        });
        return id;
      });
    },
    async updateProfile(asker, id, profile) {
      assertProfile(profile);
      const before = await find(id);
      const own = userIdOf(asker.actor) === id;
      if (!own && isAdministrator(before) && !isAdmin(asker.actor)) throw onlyAdministrators('change each other');
      await transact(async (tx) => {
        await assertEmailFree(tx, profile.email, id);
        await store.setProfile(tx, id, profile, clock());
        await audit.write(tx, {
          action: 'update-user',
          asker,
          resource: before.name,
          outcome: 'success',
          before: pick(before, profile),
          after: { ...profile },
        });
      });
    },
    async changePassword(asker, id, { old, wanted }) {
      const own = userIdOf(asker.actor) === id;
      // Whoever sets a password can sign in with it: that is more than to change what is written about somebody.
      if (!own && !isAdmin(asker.actor)) throw onlyAdministrators('set passwords of others');
      const user = await find(id);
      if (user.source !== 'local') {
        throw new RegistryError('denied', `The password of ${user.name} is kept where the account is known from.`);
      }
      if (own && !(await deps.isPassword(user.name, old, asker))) {
        throw new RegistryError('denied', 'body.old_password: is not the password of the account.');
      }
      assertPassword(wanted, user.name);
      if (own && wanted === old) {
        throw new RegistryError('body-invalid', 'body.new_password: is the one the account has already.');
      }
      await deps.assertFresh?.(wanted, id);
      const password = await hasher.hash(wanted);
      await transact(async (tx) => {
        await deps.rememberOld?.(tx, id);
        await store.setPassword(tx, id, password, clock());
        await audit.write(tx, { action: 'change-password', asker, resource: user.name, outcome: 'success' });
      });
      deps.onChange();
    },
    async setAdmin(asker, id, admin) {
      if (!isAdmin(asker.actor)) throw onlyAdministrators('make administrators');
      if (userIdOf(asker.actor) === id) throw new RegistryError('denied', 'Nobody decides this about himself.');
      const before = await find(id);
      if (before.admin === admin) return;
      await transact(async (tx) => {
        const administrators = await store.holdAdministrators(tx);
        if (!admin && !administrators.some((other) => other !== id)) throw lastOne();
        await store.setAdmin(tx, id, admin, clock());
        await audit.write(tx, {
          action: 'update-user',
          asker,
          resource: before.name,
          outcome: 'success',
          before: { sysadmin: before.admin },
          after: { sysadmin: admin },
        });
      });
      deps.onChange();
    },
    async remove(asker, id) {
      if (userIdOf(asker.actor) === id) throw new RegistryError('denied', 'Nobody removes his own account.');
      const user = await find(id);
      if (isAdministrator(user) && !isAdmin(asker.actor)) throw onlyAdministrators('remove each other');
      await transact(async (tx) => {
        const administrators = await store.holdAdministrators(tx);
        if (isAdministrator(user) && !administrators.some((other) => other !== id)) throw lastOne();
        await deps.takeRoles(tx, id);
        await store.delete(tx, id);
        await audit.write(tx, {
          action: 'delete-user',
          asker,
          resource: user.name,
          outcome: 'success',
          before: { email: user.email, realname: user.realname, source: user.source, sysadmin: user.admin },
        });
      });
      deps.onChange();
    },
  };
}

const lastOne = () => new RegistryError('denied', 'The registry would be left without an administrator.');

const isAdministrator = (user: UserDetail) => user.admin || user.adminInAuth;

function assertProfile(profile: Profile): void {
  for (const [field, text] of Object.entries(profile) as [string, string | undefined][]) {
    if (text === undefined || text === '') continue;
    if (/\p{Cc}|\p{Cs}/u.test(text))
      throw new RegistryError('body-invalid', `body.${field}: has no control characters.`);
    if (field === 'email' && !/^[^\s@<>,;:"()]+@[^\s@<>,;:"()]+$/.test(text)) {
      throw new RegistryError('body-invalid', 'body.email: expected an email address.');
    }
  }
}

function pick(user: UserDetail, profile: Profile): Record<string, string> {
  const names = Object.keys(profile) as (keyof Profile)[];
  return Object.fromEntries(names.map((name) => [name, user[name]]));
}
