import { roleIds } from '@entrepot/contract/permissions';
import { type Asker, isAdmin } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import { type Project, projectNotFound } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { Entity, Giving } from '#tenancy/roles';
import { createSeek, type SeekDeps } from './seek.ts';
import type { MemberStore } from './store.ts';
import type { Member, MemberSought } from './types.ts';

export interface Members extends Pick<MemberStore, 'list'> {
  /** Fails with `object-not-found`. */
  get(project: Project, id: number): Promise<Member>;
  /**
   * Gives somebody a role who has none; a group of a directory or a provider is made known with it. Fails with
   * `object-not-found` where there is nobody like that, `conflict` where he has one, `body-invalid` or `denied` where
   * the role cannot or may not be given. Answers with the id of the membership.
   */
  add(asker: Asker, project: Project, sought: MemberSought, roleId: number): Promise<number>;
  /** Fails as `add` and `remove` do. */
  change(asker: Asker, project: Project, id: number, roleId: number): Promise<void>;
  /** Fails with `object-not-found`, or with `conflict` where nobody would be left to administer the project. */
  remove(asker: Asker, project: Project, id: number): Promise<void>;
}

export interface MembersDeps extends SeekDeps {
  readonly store: MemberStore;
  readonly giving: Pick<Giving, 'assertMayGive' | 'findProjectRole'>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly onRolesChange: () => void;
}

export function createMembers(deps: MembersDeps): Members {
  const { store, giving, transact, audit, clock } = deps;
  const seek = createSeek(deps);

  async function get(project: Project, id: number): Promise<Member> {
    const member = await store.find(project.id, id);
    if (member !== undefined) return member;
    throw new RegistryError('object-not-found', `member ${id} of project ${project.name} not found`);
  }

  /** A project without anybody to administer it would need an administrator of the registry. */
  async function assertAdministered(tx: Transaction, asker: Asker, project: Project, leaving: Member): Promise<void> {
    if (leaving.roleId !== roleIds.projectAdmin || isAdmin(asker.actor)) return;
    if (await store.hasOtherAdministrator(tx, project.id, leaving.id)) return;
    throw new RegistryError(
      'conflict',
      `The project ${project.name} would be left without an administrator: make somebody else one first.`,
    );
  }

  /** Holds the project, so that two administrators who leave at the same time cannot both think the other stays. */
  async function hold(tx: Transaction, project: Project): Promise<void> {
    if (!(await store.holdProject(tx, project.id))) throw projectNotFound(project.name);
  }

  return {
    list: store.list,
    get,
    async add(asker, project, sought, roleId) {
      await giving.assertMayGive(asker, roleId, project);
      const find = await seek(sought, asker);
      const role = await giving.findProjectRole(roleId);
      const id = await transact(async (tx) => {
        await hold(tx, project);
        const entity = await find(tx);
        const made = await store.insert(tx, { projectId: project.id, entity, roleId, at: clock() });
        if (made === undefined) {
          throw new RegistryError(
            'conflict',
            `This ${sought.kind} is a member of the project ${project.name} already.`,
          );
        }
        await audit.write(tx, {
          action: 'create-member',
          asker,
          projectId: project.id,
          resource: `${project.name}: ${nameSought(sought)}`,
          outcome: 'success',
          after: toState(entity, { roleId, role }),
        });
        return made;
      });
      deps.onRolesChange();
      return id;
    },
    async change(asker, project, id, roleId) {
      const before = await get(project, id);
      await giving.assertMayGive(asker, roleId, project);
      const entity: Entity = { type: before.entityType, id: before.entityId };
      const role = await giving.findProjectRole(roleId);
      await transact(async (tx) => {
        await hold(tx, project);
        if (roleId !== roleIds.projectAdmin) await assertAdministered(tx, asker, project, before);
        await store.setRole(tx, project.id, id, roleId);
        await audit.write(tx, {
          action: 'update-member',
          asker,
          projectId: project.id,
          resource: `${project.name}: ${before.entityName}`,
          outcome: 'success',
          before: toState(entity, { roleId: before.roleId, role: before.roleName }),
          after: toState(entity, { roleId, role }),
        });
      });
      deps.onRolesChange();
    },
    async remove(asker, project, id) {
      const before = await get(project, id);
      await transact(async (tx) => {
        await hold(tx, project);
        await assertAdministered(tx, asker, project, before);
        await store.remove(tx, project.id, id);
        await audit.write(tx, {
          action: 'delete-member',
          asker,
          projectId: project.id,
          resource: `${project.name}: ${before.entityName}`,
          outcome: 'success',
          before: toState(
            { type: before.entityType, id: before.entityId },
            { roleId: before.roleId, role: before.roleName },
          ),
        });
      });
      deps.onRolesChange();
    },
  };
}

function toState(entity: Entity, given: { readonly roleId: number; readonly role: string | undefined }) {
  return { entityType: entity.type, entityId: entity.id, ...given };
}

function nameSought(sought: MemberSought): string {
  if (sought.kind === 'group' && sought.dn !== undefined) return sought.dn;
  return sought.name ?? String(sought.id);
}
