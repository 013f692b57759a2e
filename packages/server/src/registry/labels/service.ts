import type { Permission } from '@entrepot/contract/permissions';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact } from '#kernel/transaction';
import { type Access, projectNotFound } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { Project, Projects } from '#tenancy/projects';
import { checkLabel } from './rules.ts';
import type { LabelStore } from './store.ts';
import type { Label, LabelFields } from './types.ts';

/**
 * Labels. Those of the registry are seen by everybody who is signed in and changed by who may do so in the registry;
 * those of a project belong to its roles. Who may not see one is told that it is not there.
 */
export interface Labels {
  list(asker: Asker, projectId: number | undefined, list: ListQuery): Promise<{ entries: Label[]; total: number }>;
  get(asker: Asker, id: number): Promise<Label>;
  /** Fails with `body-invalid`, or `conflict` where there is one of that name. Answers its id. */
  create(asker: Asker, projectId: number | undefined, fields: LabelFields): Promise<number>;
  /** What is absent stays. */
  update(asker: Asker, id: number, fields: Partial<LabelFields>): Promise<void>;
  delete(asker: Asker, id: number): Promise<void>;
  /** Puts a label of the registry or of this project on an artifact. Fails with `object-not-found` or `conflict`. */
  attach(asker: Asker, project: Project, artifact: LabelledArtifact, labelId: number): Promise<void>;
  /** Fails with `object-not-found` where it is not on the artifact. */
  detach(asker: Asker, project: Project, artifact: LabelledArtifact, labelId: number): Promise<void>;
}

export interface LabelledArtifact {
  readonly id: number;
  readonly repository: string;
  readonly digest: string;
}

export interface LabelsDeps {
  readonly store: LabelStore;
  readonly projects: Pick<Projects, 'find'>;
  readonly access: Pick<Access, 'demand' | 'demandInSystem'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
}

export function createLabels({ store, projects, access, audit, transact, clock }: LabelsDeps): Labels {
  /** Passes where the asker may; a project that is not seen is as one that is not there. */
  async function demandIn(asker: Asker, permission: Permission, projectId: number): Promise<void> {
    const project = await projects.find(String(projectId), false);
    if (project === undefined) throw projectNotFound(String(projectId));
    try {
      await access.demand(asker.actor, permission, { project });
    } catch (error) {
      // Whoever asks by number does not learn the name.
      throw isHidden(error) ? projectNotFound(String(projectId)) : error;
    }
  }

  async function demand(asker: Asker, permission: Permission, projectId: number | undefined): Promise<void> {
    if (projectId !== undefined) await demandIn(asker, permission, projectId);
    else if (permission !== 'label:read' && permission !== 'label:list') {
      await access.demandInSystem(asker.actor, permission);
    }
  }

  async function find(asker: Asker, id: number, permission: Permission): Promise<Label> {
    const label = await store.find(id);
    if (label === undefined) throw labelNotFound(id);
    try {
      await demand(asker, permission, label.projectId);
    } catch (error) {
      throw isHidden(error) ? labelNotFound(id) : error;
    }
    return label;
  }

  const about = (asker: Asker, projectId: number | undefined, resource: string) => ({
    asker,
    ...(projectId === undefined ? {} : { projectId }),
    resource,
    outcome: 'success' as const,
  });

  return {
    async list(asker, projectId, list) {
      await demand(asker, 'label:list', projectId);
      return store.list(projectId, list);
    },
    get: (asker, id) => find(asker, id, 'label:read'),
    async create(asker, projectId, given) {
      await demand(asker, 'label:create', projectId);
      const fields = checkLabel(given);
      return transact(async (tx) => {
        const id = await store.insert(tx, { ...fields, projectId, at: clock() });
        if (id === undefined) throw taken(fields.name);
        await audit.write(tx, {
          action: 'create-label',
          ...about(asker, projectId, fields.name),
          after: { ...fields },
        });
        return id;
      });
    },
    async update(asker, id, given) {
      const label = await find(asker, id, 'label:update');
      const { name, description, color } = label;
      const before = { name, description, color };
      const fields = checkLabel({ ...before, ...given });
      await transact(async (tx) => {
        if (!(await store.update(tx, label, fields, clock()))) throw taken(fields.name);
        await audit.write(tx, {
          action: 'update-label',
          ...about(asker, label.projectId, name),
          before,
          after: { ...fields },
        });
      });
    },
    async delete(asker, id) {
      const label = await find(asker, id, 'label:delete');
      await transact(async (tx) => {
        if (!(await store.delete(tx, id))) throw labelNotFound(id);
        const { name, description, color } = label;
        await audit.write(tx, {
          action: 'delete-label',
          ...about(asker, label.projectId, name),
          before: { name, description, color },
        });
      });
    },
    async attach(asker, project, artifact, labelId) {
      const label = await store.find(labelId);
      if (label === undefined || (label.projectId ?? project.id) !== project.id) throw labelNotFound(labelId);
      await transact(async (tx) => {
        if (!(await store.attach(tx, artifact.id, labelId, clock()))) {
          throw new RegistryError('conflict', `The label ${label.name} is on the artifact already.`);
        }
        await audit.write(tx, {
          action: 'add-artifact-label',
          ...about(asker, project.id, artifact.repository),
          digest: artifact.digest,
          after: { label: label.name },
        });
      });
    },
    async detach(asker, project, artifact, labelId) {
      const label = await store.find(labelId);
      if (label === undefined || (label.projectId ?? project.id) !== project.id) throw labelNotFound(labelId);
      await transact(async (tx) => {
        if (!(await store.detach(tx, artifact.id, labelId))) throw labelNotFound(labelId);
        await audit.write(tx, {
          action: 'remove-artifact-label',
          ...about(asker, project.id, artifact.repository),
          digest: artifact.digest,
          before: { label: label.name },
        });
      });
    },
  };
}

function isHidden(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'project-not-found';
}

function labelNotFound(id: number): RegistryError {
  return new RegistryError('object-not-found', `label ${id} not found`);
}

function taken(name: string): RegistryError {
  return new RegistryError('conflict', `The label named ${name} already exists.`);
}
