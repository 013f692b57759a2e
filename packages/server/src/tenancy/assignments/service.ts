import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { Project } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { MemberSought, Seek } from '#tenancy/members';
import type { Giving, RoleStore } from '#tenancy/roles';
import type { AssignmentStore } from './store.ts';
import type { Assignment, RepositoryAssignment } from './types.ts';

/** Roles given in the whole registry, and in some repositories of a project. */
export interface Assignments extends Pick<AssignmentStore, 'listInSystem' | 'listInProject'> {
  /**
   * Gives a role of the level `system`, as somebody who has all that it gives. Fails with `object-not-found`,
   * `body-invalid`, `conflict` or `denied`.
   */
  addInSystem(asker: Asker, sought: MemberSought, roleId: number): Promise<number>;
  /** Fails with `object-not-found`. */
  removeInSystem(asker: Asker, id: number): Promise<void>;
  /** Gives a role of the level `project` in the repositories that a pattern matches. Fails as `addInSystem` does. */
  addInProject(
    asker: Asker,
    project: Project,
    given: { readonly sought: MemberSought; readonly pattern: string; readonly roleId: number },
  ): Promise<number>;
  changeInProject(asker: Asker, project: Project, id: number, roleId: number): Promise<void>;
  removeInProject(asker: Asker, project: Project, id: number): Promise<void>;
}

export interface AssignmentsDeps {
  readonly store: AssignmentStore;
  readonly roles: Pick<RoleStore, 'find'>;
  readonly giving: Giving;
  readonly seek: Seek;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly onRolesChange: () => void;
}

/** Signs of repository names and of patterns; everything else would match nothing. */
const patternSigns = /^[a-z0-9._\-/*?[\]{},!^\\]+$/;

const toState = ({ entityType, entityId, roleId, roleName }: Assignment) => ({
  entityType,
  entityId,
  roleId,
  role: roleName,
});

export function createAssignments(deps: AssignmentsDeps): Assignments {
  const { store, roles, giving, seek, transact, audit, clock } = deps;

  async function findInProject(project: Project, id: number): Promise<RepositoryAssignment> {
    const found = await store.findInProject(project.id, id);
    if (found !== undefined) return found;
    throw new RegistryError('object-not-found', `repository member ${id} of project ${project.name} not found`);
  }

  return {
    listInSystem: store.listInSystem,
    listInProject: store.listInProject,
    async addInSystem(asker, sought, roleId) {
      const role = await roles.find(roleId);
      if (role?.level !== 'system') {
        throw new RegistryError(
          'body-invalid',
          `body.role_id: there is no role ${roleId} that is given in the registry.`,
        );
      }
      await giving.assertHolds(asker, role.permissions);
      const find = await seek(sought, asker);
      const id = await transact(async (tx) => {
        const entity = await find(tx);
        const made = await store.insertInSystem(tx, { entity, roleId, at: clock() });
        if (made === undefined)
          throw new RegistryError('conflict', `This ${sought.kind} has the role ${role.name} already.`);
        await audit.write(tx, {
          action: 'create-member',
          asker,
          resource: `registry: ${sought.name ?? entity.id}`,
          outcome: 'success',
          after: { entityType: entity.type, entityId: entity.id, roleId, role: role.name },
        });
        return made;
      });
      deps.onRolesChange();
      return id;
    },
    async removeInSystem(asker, id) {
      const before = await store.findInSystem(id);
      if (before === undefined) throw new RegistryError('object-not-found', `system member ${id} not found`);
      await transact(async (tx) => {
        await store.removeInSystem(tx, id);
        await audit.write(tx, {
          action: 'delete-member',
          asker,
          resource: `registry: ${before.entityName}`,
          outcome: 'success',
          before: toState(before),
        });
      });
      deps.onRolesChange();
    },
    async addInProject(asker, project, { sought, pattern, roleId }) {
      if (!patternSigns.test(pattern)) {
        throw new RegistryError('body-invalid', 'body.pattern: expected signs of repository names and * ? [ ] { , }.');
      }
      await giving.assertMayGive(asker, roleId, project);
      const role = await giving.findProjectRole(roleId);
      const find = await seek(sought, asker);
      const id = await transact(async (tx) => {
        const entity = await find(tx);
        const made = await store.insertInProject(tx, { projectId: project.id, pattern, entity, roleId, at: clock() });
        if (made === undefined) {
          throw new RegistryError(
            'conflict',
            `This ${sought.kind} has a role in ${pattern} of ${project.name} already.`,
          );
        }
        await audit.write(tx, {
          action: 'create-member',
          asker,
          projectId: project.id,
          resource: `${project.name}/${pattern}: ${sought.name ?? entity.id}`,
          outcome: 'success',
          after: { entityType: entity.type, entityId: entity.id, roleId, role, pattern },
        });
        return made;
      });
      deps.onRolesChange();
      return id;
    },
    async changeInProject(asker, project, id, roleId) {
      const before = await findInProject(project, id);
      await giving.assertMayGive(asker, roleId, project);
      const role = await giving.findProjectRole(roleId);
      await transact(async (tx) => {
        await store.setRoleInProject(tx, project.id, id, roleId);
        await audit.write(tx, {
          action: 'update-member',
          asker,
          projectId: project.id,
          resource: `${project.name}/${before.pattern}: ${before.entityName}`,
          outcome: 'success',
          before: toState(before),
          after: { ...toState(before), roleId, role },
        });
      });
      deps.onRolesChange();
    },
    async removeInProject(asker, project, id) {
      const before = await findInProject(project, id);
      await transact(async (tx) => {
        await store.removeInProject(tx, project.id, id);
        await audit.write(tx, {
          action: 'delete-member',
          asker,
          projectId: project.id,
          resource: `${project.name}/${before.pattern}: ${before.entityName}`,
          outcome: 'success',
          before: { ...toState(before), pattern: before.pattern },
        });
      });
      deps.onRolesChange();
    },
  };
}
