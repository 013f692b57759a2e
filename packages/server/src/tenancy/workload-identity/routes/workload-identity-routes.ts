import {
  createProjectWorkloadIdentity,
  createWorkloadIdentity,
  deleteProjectWorkloadIdentity,
  deleteWorkloadIdentity,
  getProjectWorkloadIdentity,
  getWorkloadIdentity,
  listProjectWorkloadIdentities,
  listWorkloadIdentities,
  updateProjectWorkloadIdentity,
  updateWorkloadIdentity,
} from '@entrepot/contract/entrepot/workload-identity';
import type { z } from 'zod';
import type { Asker } from '#kernel/actor';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedReply, type ManagedRoute, serve } from '#platform/http/management';
import type {
  NewWorkloadIdentity,
  WorkloadIdentities,
  WorkloadIdentity,
  WorkloadIdentityChange,
} from '#tenancy/workload-identity';

const collection = '/api/entrepot/v1/workload-identities';

/** Tokens of clusters live an hour, those of pipelines less. */
const defaultLifetimeSeconds = 24 * 3600;

export function workloadIdentityRoutes({ identities }: { readonly identities: WorkloadIdentities }): ManagedRoute[] {
  async function list(projectId: number | undefined, query: Parameters<typeof readListQuery>[0], url: string) {
    const asked = readListQuery(query);
    const found = await identities.list(projectId, asked);
    return listReply(found.identities.map(show), found.total, asked, url);
  }

  async function create(
    asker: Asker,
    body: z.infer<typeof createWorkloadIdentity.body>,
    project: { readonly id: number } | undefined,
  ): Promise<ManagedReply> {
    const made = await identities.create(asker, toNew(body, project?.id));
    const path = project === undefined ? collection : `/api/entrepot/v1/projects/${project.id}/workload-identities`;
    return { status: 201, body: show(made), headers: { Location: `${path}/${made.id}` } };
  }

  async function update(
    asker: Asker,
    id: number,
    body: z.infer<typeof updateWorkloadIdentity.body>,
    projectId: number | undefined,
  ): Promise<ManagedReply> {
    const before = await identities.get(id, projectId);
    return { status: 200, body: show(await identities.update(asker, before, toChange(body))) };
  }

  async function remove(asker: Asker, id: number, projectId: number | undefined): Promise<ManagedReply> {
    await identities.delete(asker, await identities.get(id, projectId));
    return { status: 200 };
  }

  const read = async (id: number, projectId: number | undefined): Promise<ManagedReply> => ({
    status: 200,
    body: show(await identities.get(id, projectId)),
  });

  return [
    serve(listWorkloadIdentities, ({ query, url }) => list(undefined, query, url)),
    serve(createWorkloadIdentity, ({ asker, body }) => create(asker, body, undefined)),
    serve(getWorkloadIdentity, ({ params }) => read(params.workload_identity_id, undefined)),
    serve(updateWorkloadIdentity, ({ asker, params, body }) =>
      update(asker, params.workload_identity_id, body, undefined),
    ),
    serve(deleteWorkloadIdentity, ({ asker, params }) => remove(asker, params.workload_identity_id, undefined)),
    serve(listProjectWorkloadIdentities, ({ project, query, url }) => list(project.id, query, url)),
    serve(createProjectWorkloadIdentity, ({ asker, project, body }) => create(asker, body, project)),
    serve(getProjectWorkloadIdentity, ({ project, params }) => read(params.workload_identity_id, project.id)),
    serve(updateProjectWorkloadIdentity, ({ asker, project, params, body }) =>
      update(asker, params.workload_identity_id, body, project.id),
    ),
    serve(deleteProjectWorkloadIdentity, ({ asker, project, params }) =>
      remove(asker, params.workload_identity_id, project.id),
    ),
  ];
}

function show(identity: WorkloadIdentity) {
  const time = (at: number) => new Date(at).toISOString();
  return {
    id: identity.id,
    project_id: identity.projectId ?? null,
    name: identity.name,
    description: identity.description,
    robot_id: identity.robotId,
    issuer: identity.issuer,
    audience: identity.audience,
    jwks: identity.jwks === undefined ? null : (JSON.parse(identity.jwks) as unknown),
    conditions: identity.conditions,
    max_lifetime_seconds: identity.maxLifetimeMs / 1000,
    single_use: identity.singleUse,
    disabled: identity.disabled,
    last_used_time: identity.usedAt === undefined ? null : time(identity.usedAt),
    creation_time: time(identity.createdAt),
    update_time: time(identity.updatedAt),
  };
}

function toNew(body: z.infer<typeof createWorkloadIdentity.body>, projectId: number | undefined): NewWorkloadIdentity {
  return {
    projectId,
    robotId: body.robot_id,
    name: body.name,
    description: body.description ?? '',
    issuer: body.issuer,
    audience: body.audience,
    jwks: body.jwks == null ? undefined : JSON.stringify(body.jwks),
    conditions: body.conditions,
    maxLifetimeMs: (body.max_lifetime_seconds ?? defaultLifetimeSeconds) * 1000,
    singleUse: body.single_use ?? false,
    disabled: body.disabled ?? false,
  };
}

function toChange(body: z.infer<typeof updateWorkloadIdentity.body>): WorkloadIdentityChange {
  const { robot_id: robotId, jwks, max_lifetime_seconds: seconds, single_use: singleUse, ...same } = body;
  const change = {
    ...same,
    robotId,
    maxLifetimeMs: seconds === undefined ? undefined : seconds * 1000,
    singleUse,
  };
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  // An absent field leaves, null clears.
  return jwks === undefined ? given : { ...given, jwks: jwks === null ? undefined : JSON.stringify(jwks) };
}
