import { type Asker, isAdmin } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import type { GroupStore } from './store.ts';
import { type Group, groupTypes, type NewGroup } from './types.ts';

/** Groups of the given types are all there is for the caller: others are not found. */
export interface Groups extends Pick<GroupStore, 'list' | 'listPeople'> {
  /** Fails with `object-not-found`. */
  get(id: number, types: readonly number[]): Promise<Group>;
  /** Fails with `conflict` where it is known already, and `body-invalid`. */
  create(asker: Asker, group: NewGroup): Promise<number>;
  /** Fails with `denied` where the name is what gives its people their roles. */
  rename(asker: Asker, group: Group, name: string): Promise<void>;
  /** With all its roles. */
  remove(asker: Asker, group: Group): Promise<void>;
  /** Fails with `object-not-found`, `conflict`, and `denied` where the group has roles and the asker is no administrator. */
  addPerson(asker: Asker, group: Group, user: { readonly id?: number; readonly name?: string }): Promise<void>;
  /** Fails with `object-not-found`. */
  removePerson(asker: Asker, group: Group, userId: number): Promise<void>;
}

export interface GroupsDeps {
  readonly store: GroupStore;
  readonly findUser: (user: {
    readonly id?: number;
    readonly name?: string;
  }) => Promise<{ readonly id: number; readonly name: string } | undefined>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Whether the group has a role anywhere. */
  readonly hasRoles: (tx: Transaction, id: number) => Promise<boolean>;
  readonly takeRoles: (tx: Transaction, id: number) => Promise<void>;
  readonly onRolesChange: () => void;
}

export function createGroups(deps: GroupsDeps): Groups {
  const { store, transact, audit, clock } = deps;

  /** Whoever decides who is in a group decides who has its roles. */
  async function assertMayDecide(tx: Transaction, asker: Asker, group: Group): Promise<void> {
    if (isAdmin(asker.actor) || !(await deps.hasRoles(tx, group.id))) return;
    throw new RegistryError(
      'denied',
      `The group ${group.name} has roles: only administrators of the registry decide who has them.`,
    );
  }

  return {
    list: store.list,
    listPeople: store.listPeople,
    async get(id, types) {
      const group = await store.find(id);
      if (group !== undefined && types.includes(group.type)) return group;
      throw new RegistryError('object-not-found', `group ${id} not found`);
    },
    async create(asker, group) {
      assertText('name', group.name);
      assertText('dn', group.dn);
      if (group.type === groupTypes.ldap && group.dn === '') {
        throw new RegistryError(
          'body-invalid',
          'body.ldap_group_dn: a group of a directory is known by its place there.',
        );
      }
      return transact(async (tx) => {
        const id = await store.insert(tx, group, clock());
        if (id === undefined)
          throw new RegistryError('conflict', `The group ${group.dn || group.name} is known already.`);
        await audit.write(tx, {
          action: 'create-group',
          asker,
          resource: group.name,
          outcome: 'success',
          after: { ...group },
        });
        return id;
      });
    },
    async rename(asker, group, name) {
      assertText('name', name);
      await transact(async (tx) => {
        const known = group.type === groupTypes.http || group.type === groupTypes.oidc;
        if (known && name !== group.name) await assertMayDecide(tx, asker, group);
        if (!(await store.rename(tx, group, name, clock()))) {
          throw new RegistryError('conflict', `There is a group ${name} already.`);
        }
        await audit.write(tx, {
          action: 'update-group',
          asker,
          resource: name,
          outcome: 'success',
          before: { name: group.name },
          after: { name },
        });
      });
    },
    async remove(asker, group) {
      await transact(async (tx) => {
        await deps.takeRoles(tx, group.id);
        await store.delete(tx, group.id);
        await audit.write(tx, {
          action: 'delete-group',
          asker,
          resource: group.name,
          outcome: 'success',
          before: { name: group.name, type: group.type, dn: group.dn },
        });
      });
      deps.onRolesChange();
    },
    async addPerson(asker, group, sought) {
      const user = await deps.findUser(sought);
      if (user === undefined) throw new RegistryError('object-not-found', `user ${sought.id ?? sought.name} not found`);
      await transact(async (tx) => {
        await assertMayDecide(tx, asker, group);
        if (!(await store.addPerson(tx, group.id, user.id))) {
          throw new RegistryError('conflict', `${user.name} is in the group ${group.name} already.`);
        }
        await audit.write(tx, {
          action: 'update-group',
          asker,
          resource: group.name,
          outcome: 'success',
          after: { added: user.name },
        });
      });
      deps.onRolesChange();
    },
    async removePerson(asker, group, userId) {
      const user = await deps.findUser({ id: userId });
      await transact(async (tx) => {
        if (!(await store.removePerson(tx, group.id, userId))) {
          throw new RegistryError('object-not-found', `user ${userId} not found in group ${group.id}`);
        }
        await audit.write(tx, {
          action: 'update-group',
          asker,
          resource: group.name,
          outcome: 'success',
          before: { removed: user?.name ?? userId },
        });
      });
      deps.onRolesChange();
    },
  };
}

function assertText(field: string, text: string): void {
  if (/\p{Cc}|\p{Cs}/u.test(text)) throw new RegistryError('body-invalid', `body.${field}: has no control characters.`);
}
