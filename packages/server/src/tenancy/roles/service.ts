import { type Permission, permissions, projectPermissions } from '@entrepot/contract/permissions';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import type { Giving } from './giving.ts';
import type { RoleStore } from './store.ts';
import type { Role } from './types.ts';

/** A role as somebody writes it. */
export interface RoleText {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

/** Roles beyond Harbor's five. Nobody makes one that can do more than he can. */
export interface Roles extends Pick<RoleStore, 'list'> {
  /** Fails with `object-not-found`. */
  get(id: number): Promise<Role>;
  /** Fails with `body-invalid`, `conflict` where the name is taken, and `denied`. */
  create(asker: Asker, role: RoleText & Pick<Role, 'level'>): Promise<number>;
  /** Changes it for everybody who has it. */
  update(asker: Asker, id: number, role: RoleText): Promise<void>;
  /** Fails with `conflict` while somebody has it. */
  remove(asker: Asker, id: number): Promise<void>;
}

export interface RolesDeps {
  readonly store: RoleStore;
  readonly giving: Pick<Giving, 'assertHolds'>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly onRolesChange: () => void;
}

/** A role in the registry reaches into every project, so it may have what projects know as well. */
const vocabulary: Readonly<Record<Role['level'], ReadonlySet<string>>> = {
  project: new Set(projectPermissions),
  system: new Set(permissions),
};

function readPermissions(given: readonly string[], level: Role['level']): Permission[] {
  const unknown = given.find((permission) => !vocabulary[level].has(permission));
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 64));
    throw new RegistryError('body-invalid', `body.permissions: ${shown} is none of a role of the level ${level}.`);
  }
  return [...new Set(given)].toSorted((a, b) => (a < b ? -1 : 1)) as Permission[];
}

function readText({ name, description }: RoleText): { name: string; description: string } {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u.test(name)) {
    throw new RegistryError('body-invalid', 'body.name: expected up to 64 letters, digits, spaces and . _ - in it.');
  }
  if (/[^\P{Cc}\n\t]|\p{Cs}/u.test(description)) {
    throw new RegistryError('body-invalid', 'body.description: has no control characters.');
  }
  return { name, description };
}

export function createRoles({ store, giving, transact, audit, clock, onRolesChange }: RolesDeps): Roles {
  async function get(id: number): Promise<Role> {
    const role = await store.find(id);
    if (role === undefined) throw new RegistryError('object-not-found', `role ${id} not found`);
    return role;
  }
  const taken = (name: string) => new RegistryError('conflict', `There is a role ${name} already.`);

  return {
    list: store.list,
    get,
    async create(asker, given) {
      const role = {
        ...readText(given),
        level: given.level,
        permissions: readPermissions(given.permissions, given.level),
      };
      await giving.assertHolds(asker, role.permissions);
      return transact(async (tx) => {
        const id = await store.insert(tx, role, clock());
        if (id === undefined) throw taken(role.name);
        await audit.write(tx, {
          action: 'create-role',
          asker,
          resource: role.name,
          outcome: 'success',
          after: { ...role },
        });
        return id;
      });
    },
    async update(asker, id, given) {
      const before = await get(id);
      const role = { ...readText(given), permissions: readPermissions(given.permissions, before.level) };
      // Who has the role gets what is new in it, and so the one who writes it has to have all of it.
      await giving.assertHolds(asker, role.permissions);
      await transact(async (tx) => {
        if (await store.isNameTaken(tx, role.name, id)) throw taken(role.name);
        await store.update(tx, id, role, clock());
        const { name, description, permissions: held } = before;
        await audit.write(tx, {
          action: 'update-role',
          asker,
          resource: role.name,
          outcome: 'success',
          before: { name, description, permissions: held },
          after: { ...role },
        });
      });
      onRolesChange();
    },
    async remove(asker, id) {
      const before = await get(id);
      await transact(async (tx) => {
        if (await store.isGiven(tx, id)) {
          throw new RegistryError('conflict', `Somebody has the role ${before.name}: take it away first.`);
        }
        await store.delete(tx, id);
        const { name, level, permissions: held } = before;
        await audit.write(tx, {
          action: 'delete-role',
          asker,
          resource: name,
          outcome: 'success',
          before: { name, level, permissions: held },
        });
      });
      onRolesChange();
    },
  };
}
