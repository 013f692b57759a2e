import { roleIds } from '@entrepot/contract/permissions';
import { actorName, type Asker, userIdOf } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import { type Project, projectNotFound } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { CveAllowlist, CveAllowlistStore } from '#tenancy/cve-allowlists';
import type { MemberStore } from '#tenancy/members';
import { type ProjectMetadata, readMetadata, readMetadataChange } from './metadata.ts';
import type { ProjectReadModel } from './read-model.ts';
import { assertProjectName } from './rules.ts';
import type { ProjectStore } from './store.ts';

/** What a body says of a project beside its name. */
export interface ProjectSettings {
  /** As clients write it; absent, null and empty say nothing. */
  readonly metadata?: Readonly<Record<string, string | null | undefined>>;
  readonly allowlist?: CveAllowlist | undefined;
}

export interface NewProject extends ProjectSettings {
  readonly name: string;
  readonly public: boolean;
  /** In bytes, -1 for no limit; the registry's default when undefined. */
  readonly storageLimit?: number | undefined;
}

/** Where what may be stored in a new project is written down. */
export interface StorageLimits {
  /** Called in the transaction that makes the project; the registry's default when `limit` is undefined. */
  onProjectCreated(tx: Transaction, projectId: number, limit: number | undefined): Promise<void>;
}

export interface Projects extends Pick<ProjectReadModel, 'get' | 'list' | 'metadataOf'> {
  /** Makes a project; the asker becomes its administrator. Fails with `name-invalid`, `project-exists` or `body-invalid`. */
  create(asker: Asker, project: NewProject): Promise<Project>;
  /** Changes what the settings name and leaves the rest. Fails with `body-invalid` before anything changes. */
  update(asker: Asker, project: Project, settings: ProjectSettings): Promise<void>;
  /** Sets one entry: one that is not set yet (`conflict` otherwise), or whether it is set or not, as Harbor's clients do. */
  setMetadata(
    asker: Asker,
    project: Project,
    entry: { readonly name: string; readonly value: string; readonly isNew: boolean },
  ): Promise<void>;
  /** Fails with `object-not-found` where the entry is not set. A project that is not public any more is private. */
  removeMetadata(asker: Asker, project: Project, name: string): Promise<void>;
  /** Removes an empty project. Fails with `project-not-empty` while it holds artifacts. */
  delete(asker: Asker, project: Project): Promise<void>;
  /** What stands in the way of removing it; undefined when nothing does. */
  findObstacle(project: Project): Promise<string | undefined>;
  /** Makes the public project `library` that a fresh registry starts with. */
  ensureLibrary(): Promise<void>;
  /** Gives a user a role, by Harbor's role ids, in place of the one it had. */
  setMember(project: string, userId: number, role: number): Promise<void>;
  find(nameOrId: string, isName: boolean): Promise<Project | undefined>;
}

export interface ProjectsDeps {
  readonly store: ProjectStore;
  readonly readModel: ProjectReadModel;
  readonly members: Pick<MemberStore, 'put'>;
  readonly allowlists: Pick<CveAllowlistStore, 'find' | 'put' | 'delete'>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Absent where nothing is limited. */
  readonly storageLimits?: StorageLimits | undefined;
  /** Called after a project was made or removed, so that nothing cached says otherwise on this node. */
  readonly onChange: (name: string) => void;
  /** Called in the transaction that removes a project, while all of it is there; whoever can bring it back keeps it. */
  readonly onDeleting?: ((tx: Transaction, asker: Asker, project: Project) => Promise<void>) | undefined;
  /** Called after a project was removed: the bytes of uploads under way in it are to be dropped. */
  readonly onUploadsAbandoned: () => void;
  /** Called after somebody was given a role. */
  readonly onRolesChange: () => void;
}

const notEmpty = (name: string) => `The project ${name} still holds artifacts: delete them first.`;

export function createProjects(deps: ProjectsDeps): Projects {
  const { store, readModel, members, allowlists, transact, audit, clock, onChange, onRolesChange } = deps;

  /** `public` has a column of its own, because every decision asks for it. */
  async function writeMetadata(tx: Transaction, id: number, change: ProjectMetadata): Promise<void> {
    for (const [name, value] of Object.entries(change)) {
      if (name === 'public') await store.setPublic(tx, id, value === 'true');
      else await store.putMetadata(tx, id, name, value);
    }
  }

  function assertLimit(limit: number | undefined): void {
    if (limit === undefined || limit === -1 || deps.storageLimits !== undefined) return;
    throw new RegistryError(
      'not-implemented',
      'body.storage_limit: this registry does not limit the storage of projects yet; leave it out, or -1 for no limit.',
    );
  }

  async function makeAdministrator(tx: Transaction, projectId: number, userId: number | undefined): Promise<void> {
    if (userId === undefined) return;
    const roleId = roleIds.projectAdmin;
    await members.put(tx, { projectId, entityType: 'u', entityId: userId, roleId, at: clock() });
  }

  async function changeEntry(
    asker: Asker,
    project: Project,
    entry: { name: string; value: string | undefined; isNew: boolean; action: 'create' | 'update' | 'delete' },
  ): Promise<void> {
    const { name, value, isNew, action } = entry;
    const before = (await readModel.metadataOf(project.id))[name];
    if (isNew && before !== undefined) {
      throw new RegistryError('conflict', `The metadata ${name} of the project ${project.name} is set already.`);
    }
    if (value === undefined && before === undefined) {
      throw new RegistryError('object-not-found', `metadata ${name} of project ${project.name} not found`);
    }
    await transact(async (tx) => {
      if (!(await store.touch(tx, project.id, clock()))) throw projectNotFound(project.name);
      if (value !== undefined) await writeMetadata(tx, project.id, { [name]: value });
      else if (name === 'public') await store.setPublic(tx, project.id, false);
      else await store.removeMetadata(tx, project.id, name);
      await audit.write(tx, {
        action: `${action}-metadata`,
        asker,
        projectId: project.id,
        resource: project.name,
        outcome: 'success',
        ...(before === undefined ? {} : { before: { [name]: before } }),
        ...(value === undefined ? {} : { after: { [name]: value } }),
      });
    });
    onChange(project.name);
  }

  return {
    get: readModel.get,
    list: readModel.list,
    metadataOf: readModel.metadataOf,
    async create(asker, project) {
      assertProjectName(project.name);
      assertLimit(project.storageLimit);
      const metadata = readMetadataChange({ ...project.metadata, public: String(project.public) }, undefined);
      const ownerId = userIdOf(asker.actor);
      const ownerName = actorName(asker.actor);
      const id = await transact(async (tx) => {
        const at = clock();
        const made = await store.insert(tx, { name: project.name, public: project.public, ownerId, ownerName, at });
        if (made === undefined)
          throw new RegistryError('project-exists', `The project named ${project.name} already exists.`);
        await makeAdministrator(tx, made, ownerId);
        await writeMetadata(tx, made, metadata);
        if (project.allowlist !== undefined) await allowlists.put(tx, made, project.allowlist, at);
        await deps.storageLimits?.onProjectCreated(tx, made, project.storageLimit);
        await audit.write(tx, {
          action: 'create-project',
          asker,
          projectId: made,
          resource: project.name,
          outcome: 'success',
          detail: { public: project.public },
          after: { ...metadata, ...toState(project.allowlist) },
        });
        return made;
      });
      onChange(project.name);
      onRolesChange();
      return { id, name: project.name, public: project.public };
    },
    async update(asker, project, settings) {
      const known = await readModel.metadataOf(project.id);
      const change = readMetadataChange(settings.metadata ?? {}, known['retention_id']);
      const { allowlist } = settings;
      const list = allowlist && (await allowlists.find([project.id])).get(project.id);
      const before = Object.fromEntries(
        Object.keys(change).flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])),
      );
      await transact(async (tx) => {
        if (!(await store.touch(tx, project.id, clock()))) throw projectNotFound(project.name);
        await writeMetadata(tx, project.id, change);
        if (allowlist !== undefined) await allowlists.put(tx, project.id, allowlist, clock());
        await audit.write(tx, {
          action: 'update-project',
          asker,
          projectId: project.id,
          resource: project.name,
          outcome: 'success',
          before: { ...before, ...toState(list) },
          after: { ...change, ...toState(allowlist) },
        });
      });
      onChange(project.name);
    },
    setMetadata: async (asker, project, { name, value, isNew }) =>
      changeEntry(asker, project, {
        name,
        value: readMetadata(name, value),
        isNew,
        action: isNew ? 'create' : 'update',
      }),
    async removeMetadata(asker, project, name) {
      // The policy and its mark go together, by whoever removes the policy.
      if (name === 'retention_id') throw new RegistryError('body-invalid', 'invalid key: "retention_id"');
      await changeEntry(asker, project, { name, value: undefined, isNew: false, action: 'delete' });
    },
    async delete(asker, project) {
      const before = await readModel.metadataOf(project.id);
      await transact(async (tx) => {
        if (await store.holdsRepositories(tx, project.id)) {
          throw new RegistryError('project-not-empty', notEmpty(project.name));
        }
        await deps.onDeleting?.(tx, asker, project);
        await allowlists.delete(tx, project.id);
        await store.delete(tx, project.id);
        await audit.write(tx, {
          action: 'delete-project',
          asker,
          projectId: project.id,
          resource: project.name,
          outcome: 'success',
          before: { ...before },
        });
      });
      onChange(project.name);
      onRolesChange();
      deps.onUploadsAbandoned();
    },
    async findObstacle(project) {
      const held = await transact((tx) => store.holdsRepositories(tx, project.id), { unread: true });
      return held ? notEmpty(project.name) : undefined;
    },
    async ensureLibrary() {
      await transact((tx) =>
        store.insert(tx, { name: 'library', public: true, ownerId: undefined, ownerName: 'admin', at: clock() }),
      );
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

/** A list as the audit shows it. */
function toState(list: CveAllowlist | undefined): Readonly<Record<string, unknown>> {
  return list === undefined ? {} : { cve_allowlist: { items: list.items, expiresAt: list.expiresAt ?? null } };
}
