import { getProjectUsage, recountProjectQuota } from '@entrepot/contract/entrepot/quota';
import { getQuota, listQuotas, updateQuota } from '@entrepot/contract/harbor/quota';
import type { Actor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { type Condition, readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Access } from '#tenancy/access';
import type { Project } from '#tenancy/projects';
import { quotaNotFound, type Quotas } from './service.ts';
import type { Quota } from './types.ts';

export interface QuotaRoutesDeps {
  readonly quotas: Quotas;
  readonly access: Access;
  readonly findProject: (id: number) => Promise<Project | undefined>;
}

export function quotaRoutes({ quotas, access, findProject }: QuotaRoutesDeps): ManagedRoute[] {
  async function mayRead(actor: Actor, quota: Quota): Promise<boolean> {
    if (await access.mayInSystem(actor, 'quota:read')) return true;
    const project = await findProject(quota.project.id);
    return project !== undefined && (await access.accountOfMay(actor, 'quota:read', project));
  }

  return [
    serve(listQuotas, async ({ query, url }) => {
      const list = readListQuery(query);
      // Harbor knows one kind of owner of quotas.
      if (query.reference !== undefined && query.reference !== 'project') return listReply([], 0, list, url);
      const conditions: Condition[] =
        query.reference_id === undefined ? [] : [{ kind: 'is', field: 'reference_id', value: query.reference_id }];
      const found = await quotas.list(list, conditions);
      return listReply(found.quotas.map(show), found.total, list, url);
    }),
    serve(getQuota, async ({ asker, params }) => {
      if (asker.actor.kind === 'anonymous') throw new RegistryError('unauthorized', 'unauthorized: sign in first.');
      const quota = await quotas.find(params.id);
      // One that may not be read is not there.
      if (quota === undefined || !(await mayRead(asker.actor, quota))) throw quotaNotFound(params.id);
      return { status: 200, body: show(quota) };
    }),
    serve(updateQuota, async ({ asker, params, body }) => {
      const { storage, count } = body.hard;
      await quotas.update(asker, params.id, {
        ...(storage !== undefined && { storage }),
        ...(count !== undefined && { count }),
      });
      return { status: 200 };
    }),
    serve(getProjectUsage, async ({ project }) => {
      const held = await quotas.holdingsOf(project.id);
      if (held === undefined) throw new RegistryError('project-not-found', `project ${project.name} not found`);
      return {
        status: 200,
        body: {
          hard: held.hard,
          used: { storage: held.unique, count: held.artifacts },
          unique_size: held.unique,
          logical_size: held.logical,
          shared_size: held.shared,
          arriving_size: held.arriving,
          blobs: held.blobs,
          manifests: held.manifests,
          artifacts: held.artifacts,
        },
      };
    }),
    serve(recountProjectQuota, async ({ asker, params, headers }) => {
      const project = await findNamed(params.project_name_or_id, headers['x-is-resource-name'] === 'true');
      const found = project && (await quotas.recount(asker, project));
      if (found === undefined) {
        throw new RegistryError('project-not-found', `project ${params.project_name_or_id} not found`);
      }
      const { counted, found: there } = found;
      const difference = { storage: there.storage - counted.storage, count: there.count - counted.count };
      return { status: 200, body: { counted, found: there, difference } };
    }),
  ];

  async function findNamed(nameOrId: string, isName: boolean): Promise<Project | undefined> {
    if (!isName && /^[1-9]\d{0,15}$/.test(nameOrId)) return findProject(Number(nameOrId));
    return access.findProject(nameOrId);
  }
}

function show(quota: Quota) {
  const { id, project, hard, used, createdAt, updatedAt } = quota;
  return {
    id,
    ref: { id: project.id, name: project.name, owner_name: project.ownerName },
    hard,
    used,
    creation_time: new Date(createdAt).toISOString(),
    update_time: new Date(updatedAt).toISOString(),
  };
}
