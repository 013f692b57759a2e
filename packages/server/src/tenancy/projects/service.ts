import { roleIds } from '@entrepot/contract/permissions';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import { type Asker, userIdOf } from '#kernel/actor';
import type { Audit } from '#tenancy/audit';
import { assertProjectName } from './rules.ts';
import type { ProjectStore } from './store.ts';
import type { Project } from '#tenancy/access';
import type { MemberStore } from '#tenancy/members';

export interface Projects {
  /** Makes a project; the asker becomes its administrator. Fails with `name-invalid` or `project-exists`. */
  create(asker: Asker, project: { readonly name: string; readonly public: boolean }): Promise<Project>;
  /** Removes an empty project. Fails with `project-not-empty` while it holds artifacts. */
  delete(asker: Asker, project: Project): Promise<void>;
  /** Makes the public project `library` that a fresh registry starts with. */
  ensureLibrary(): Promise<void>;
  /** Gives a user a role, by Harbor's role ids, in place of the one it had. */
  setMember(project: string, userId: number, role: number): Promise<void>;
  find(nameOrId: string, isName: boolean): Promise<Project | undefined>;
}

export interface ProjectsDeps {
  readonly store: ProjectStore;
  readonly members: Pick<MemberStore, 'put'>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Called after a project was made or removed, so that nothing cached says otherwise on this node. */
  readonly onChange: (name: string) => void;
  /** Called after a project was removed: the bytes of uploads under way in it are to be dropped. */
  readonly onUploadsAbandoned: () => void;
  /** Called after somebody was given a role. */
  readonly onRolesChange: () => void;
}

export function createProjects({
  store,
  members,
  transact,
  audit,
  clock,
  onChange,
  onUploadsAbandoned,
  onRolesChange,
}: ProjectsDeps): Projects {
  return {
    async create(asker, project) {
      assertProjectName(project.name);
      const ownerId = userIdOf(asker.actor);
      const id = await transact(async (tx) => {
        const made = await store.insert(tx, { ...project, ownerId, at: clock() });
        if (made === undefined)
          throw new RegistryError('project-exists', `The project named ${project.name} already exists.`);
        if (ownerId !== undefined) {
          await members.put(tx, {
            projectId: made,
            entityType: 'u',
            entityId: ownerId,
            roleId: roleIds.projectAdmin,
            at: clock(),
          });
        }
        await audit.write(tx, {
          action: 'create-project',
          asker,
          projectId: made,
          resource: project.name,
          outcome: 'success',
          detail: { public: project.public },
        });
        return made;
      });
      onChange(project.name);
      return { id, ...project };
    },
    async delete(asker, project) {
      await transact(async (tx) => {
        if (await store.holdsRepositories(tx, project.id)) {
          throw new RegistryError(
            'project-not-empty',
            `The project ${project.name} still holds artifacts: delete them first.`,
          );
        }
        await store.delete(tx, project.id);
        await audit.write(tx, {
          action: 'delete-project',
          asker,
          projectId: project.id,
          resource: project.name,
          outcome: 'success',
        });
      });
      onChange(project.name);
      onUploadsAbandoned();
    },
    async ensureLibrary() {
      await transact((tx) => store.insert(tx, { name: 'library', public: true, ownerId: undefined, at: clock() }));
    },
    async setMember(name, userId, role) {
      const project = await store.find(name);
      if (project === undefined) throw new RegistryError('project-not-found', `There is no project ${name}.`);
      await transact((tx) =>
        members.put(tx, { projectId: project.id, entityType: 'u', entityId: userId, roleId: role, at: clock() }),
      );
      onRolesChange();
    },
    async find(nameOrId, isName) {
      // Harbor reads digits as an id unless the client says that they are a name.
      if (!isName && /^[1-9]\d{0,15}$/.test(nameOrId)) return store.findById(Number(nameOrId));
      return store.find(nameOrId);
    },
  };
}
