import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import { type GroupStore, groupTypes } from '#tenancy/groups';
import type { Entity } from '#tenancy/roles';
import type { UserStore } from '#tenancy/users';
import type { MemberSought } from './types.ts';

export interface SeekDeps {
  readonly users: Pick<UserStore, 'find' | 'findById'>;
  readonly groups: Pick<GroupStore, 'find' | 'findByName' | 'ensure'>;
  readonly clock: Clock;
  /** Makes an account of somebody whom only the directory knows; absent where there is none. */
  readonly findElsewhere?: ((userName: string, asker: Asker) => Promise<number | undefined>) | undefined;
}

/**
 * Finds whom a body means: somebody who is there, or a group of a directory or a provider, which is made in the
 * transaction where it is not known. Fails with `object-not-found` or `body-invalid`.
 */
export type Seek = (sought: MemberSought, asker: Asker) => Promise<(tx: Transaction) => Promise<Entity>>;

export function createSeek(deps: SeekDeps): Seek {
  const { users, groups, clock } = deps;

  async function seekUser({ id, name }: Extract<MemberSought, { kind: 'user' }>, asker: Asker): Promise<Entity> {
    const user = id === undefined ? name && (await users.find(name)) : await users.findById(id);
    if (user) return { type: 'u', id: user.id };
    const elsewhere = id === undefined && name !== undefined ? await deps.findElsewhere?.(name, asker) : undefined;
    if (elsewhere !== undefined) return { type: 'u', id: elsewhere };
    throw new RegistryError('object-not-found', `user ${id ?? name} not found`);
  }

  async function seekGroup(
    sought: Extract<MemberSought, { kind: 'group' }>,
  ): Promise<Entity | ((tx: Transaction) => Promise<Entity>)> {
    const { id, name, type, dn } = sought;
    if (id !== undefined) {
      if ((await groups.find(id)) !== undefined) return { type: 'g', id };
      throw new RegistryError('object-not-found', `group ${id} not found`);
    }
    const ensure = (group: { name: string; type: number; dn: string }) => async (tx: Transaction) => {
      const made = await groups.ensure(tx, group, clock());
      return { type: 'g', id: made } as const;
    };
    if (dn !== undefined) return ensure({ name: name ?? dn.slice(0, 255), type: groupTypes.ldap, dn });
    if (name === undefined) throw new RegistryError('body-invalid', 'body.member_group: name the group.');
    if (type === groupTypes.http || type === groupTypes.oidc) return ensure({ name, type, dn: '' });
    const named = (await groups.findByName(name)).filter((group) => type === undefined || group.type === type);
    const [only, ...more] = named;
    if (only !== undefined && more.length === 0) return { type: 'g', id: only.id };
    if (only === undefined) throw new RegistryError('object-not-found', `group ${name} not found`);
    throw new RegistryError('body-invalid', `body.member_group: several groups are called ${name}; name it by its id.`);
  }

  return async function seek(sought: MemberSought, asker: Asker): Promise<(tx: Transaction) => Promise<Entity>> {
    const entity = sought.kind === 'user' ? await seekUser(sought, asker) : await seekGroup(sought);
    return typeof entity === 'function' ? entity : () => Promise.resolve(entity);
  };
}
