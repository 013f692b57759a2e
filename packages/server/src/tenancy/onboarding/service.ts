import type { Asker, UserActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import { isUserName } from '#tenancy/users';
import type { ExternalAccountStore } from './store.ts';
import type { ExternalAccount, ExternalPerson } from './types.ts';

/**
 * What became of somebody who is known elsewhere: his account, or why he has none: `name-taken` by an account that is
 * known otherwise, `name-invalid` for a name that no account can have, `disabled`.
 */
export type Welcome =
  | { readonly kind: 'account'; readonly actor: UserActor; readonly created: boolean }
  | { readonly kind: 'name-taken' | 'name-invalid' | 'disabled' };

/** Who brings somebody: an administrator who imports, or the request the person came with himself. */
export type Welcomer = Omit<Asker, 'actor'> & Partial<Pick<Asker, 'actor'>>;

export interface Onboarding {
  /**
   * Brings an account up to date with what the place says that the person just signed in at, or makes it: his name and
   * address, whether he administers, and his groups of that place, in which he is and in no others afterwards. Groups and
   * administration given here are left alone.
   */
  welcome(person: ExternalPerson, asker: Welcomer): Promise<Welcome>;
}

export interface OnboardingDeps {
  readonly store: ExternalAccountStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Told after a change of somebody's groups. */
  readonly onRolesChange: () => void;
}

const summaryOf = (person: Pick<ExternalPerson, 'realname' | 'email' | 'admin' | 'groups'>) => ({
  realname: person.realname,
  email: person.email,
  adminRoleInAuth: person.admin,
  groups: person.groups.map(({ name, dn }) => (dn === '' ? name : dn)).toSorted((a, b) => (a < b ? -1 : 1)),
});

const isSame = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other);

export function createOnboarding({ store, transact, audit, clock, onRolesChange }: OnboardingDeps): Onboarding {
  async function create(person: ExternalPerson, asker: Welcomer): Promise<number | undefined> {
    return transact(async (tx: Transaction) => {
      const id = await store.insert(tx, person, clock());
      if (id === undefined) return undefined;
      await store.replaceGroups(tx, { id, source: person.source }, person.groups, clock());
      await audit.write(tx, {
        action: 'create-user',
        asker: askerOf(asker, toActor(id, person.name, person.admin)),
        resource: person.name,
        outcome: 'success',
        after: { source: person.source, ...summaryOf(person) },
      });
      return id;
    });
  }

  async function bringUpToDate(account: ExternalAccount, person: ExternalPerson, asker: Welcomer): Promise<void> {
    const before = summaryOf({ ...account, admin: account.adminInAuth });
    const after = summaryOf(person);
    // Most sign-ins change nothing, and write nothing.
    if (isSame(before, after)) return;
    await transact(async (tx) => {
      await store.update(tx, account.id, person, clock());
      await store.replaceGroups(tx, { id: account.id, source: person.source }, person.groups, clock());
      await audit.write(tx, {
        action: 'update-user',
        asker: askerOf(asker, toActor(account.id, account.name, person.admin)),
        resource: account.name,
        outcome: 'success',
        before,
        after,
      });
    });
    if (!isSame(before.groups, after.groups)) onRolesChange();
  }

  return {
    async welcome(person, asker) {
      if (!isUserName(person.name)) return { kind: 'name-invalid' };
      const known = await store.find(person.name, person.source);
      const created = known === undefined ? await create(person, asker) : undefined;
      if (created !== undefined) {
        return { kind: 'account', actor: toActor(created, person.name, person.admin), created: true };
      }
      // Another sign-in of the same person may have been first.
      const account = known ?? (await store.find(person.name, person.source));
      if (account?.source !== person.source) return { kind: 'name-taken' };
      await bringUpToDate(account, person, asker);
      if (account.disabled) return { kind: 'disabled' };
      return {
        kind: 'account',
        actor: toActor(account.id, account.name, account.admin || person.admin),
        created: false,
      };
    },
  };
}

function askerOf({ actor, address, requestId }: Welcomer, self: UserActor): Asker {
  return { actor: actor ?? self, address, requestId };
}

function toActor(userId: number, name: string, admin: boolean): UserActor {
  return { kind: 'user', userId, name, admin };
}
