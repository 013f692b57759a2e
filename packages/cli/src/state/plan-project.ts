import { createProject, deleteProject, updateProject } from '@entrepot/contract/harbor/project';
import { listQuotas, updateQuota } from '@entrepot/contract/harbor/quota';
import type { ManagementClient } from '#src/management/client';
import { findQuota } from '#src/management/find-one';
import { differences } from './differences.ts';
import type { ProjectState } from './documents.ts';
import { fetchOwnName, fetchProject, isNotFound, type ProjectThere } from './fetch-project.ts';
import { type Found, inProject, type Kind } from './kind.ts';
import { labels } from './kinds/labels.ts';
import { members } from './kinds/members.ts';
import { repositoryMembers } from './kinds/repository-members.ts';
import { robots } from './kinds/robots.ts';
import { roles } from './kinds/roles.ts';
import { webhooks } from './kinds/webhooks.ts';
import { immutableTags } from './kinds/immutable-tags.ts';
import { retention } from './kinds/retention.ts';
import { workloadIdentities } from './kinds/workload-identities.ts';
import type { PlanDraft } from './plan.ts';
import { isMissingOperation, listKind, type PlanOptions, planList } from './plan-list.ts';
import { isAdministrator, roleWithinProject } from './role-names.ts';

type Member = Parameters<typeof members.keyOf>[0];

async function hasQuotas(client: ManagementClient): Promise<boolean> {
  try {
    await client.call(listQuotas, { query: { page: 1, page_size: 1 } });
    return true;
  } catch (error) {
    return !isMissingOperation(error) && !isNotFound(error);
  }
}

/** Whether it is public, its metadata and its quota: what stands in the project itself. */
async function planItself(
  client: ManagementClient,
  project: ProjectState,
  there: ProjectThere | undefined,
  draft: PlanDraft,
): Promise<void> {
  const { name, cve_allowlist: allowed } = project;
  // A list of its own counts only where the project says that it keeps one.
  const metadata = { ...(allowed === undefined ? {} : { reuse_sys_cve_allowlist: 'false' }), ...project.metadata };
  const about = { noun: 'project', name, project: undefined, secrets: [] } as const;
  const flat = (of: Pick<ProjectState, 'public' | 'metadata' | 'cve_allowlist'>) => ({
    public: of.public,
    ...of.metadata,
    cve_allowlist: of.cve_allowlist,
  });
  const fields = differences(flat({ ...project, metadata }), there && flat(there), { sendSecrets: false });
  const list =
    allowed === undefined
      ? {}
      : { cve_allowlist: { items: allowed.map((id) => ({ cve_id: id })), expires_at: there?.cveExpiry } };
  if (there === undefined) {
    draft.add({
      ...about,
      action: 'create',
      fields,
      async run(work) {
        const body = {
          project_name: name,
          metadata: { ...metadata, public: project.public === true ? 'true' : 'false' },
          ...list,
        };
        await work.client.call(createProject, { body: body as { project_name: string } });
      },
    });
  } else if (fields.length > 0) {
    const body = {
      metadata: { ...metadata, ...(project.public === undefined ? {} : { public: String(project.public) }) },
      ...list,
    };
    draft.add({
      ...about,
      action: 'change',
      fields,
      async run(work) {
        await work.client.call(updateProject, { ...inProject(name), body: body as object });
      },
    });
  }
  await planQuota(project, there, draft, client);
}

/** How many bytes and artifacts it may hold; a limit that the files leave out stays as it is. */
async function planQuota(
  { name, quota, artifact_quota: artifacts }: ProjectState,
  there: ProjectThere | undefined,
  draft: PlanDraft,
  client: ManagementClient,
): Promise<void> {
  const fields = [
    { field: 'limit', resource: 'storage', before: there?.quota?.storage, after: quota },
    { field: 'artifacts', resource: 'count', before: there?.quota?.count, after: artifacts },
  ].filter(({ before, after }) => after !== undefined && after !== before);
  if (fields.length === 0) {
    return;
  }
  if (there?.quota === undefined && !(await hasQuotas(client))) {
    draft.note('this registry has no quotas yet: they are left out');
    return;
  }
  draft.add({
    action: 'change',
    noun: 'quota',
    name,
    project: name,
    fields: fields.map(({ field, before, after }) => ({ field, before, after })),
    secrets: [],
    async run(work) {
      const { id = 0 } = await findQuota(work.client, name);
      const hard = Object.fromEntries(fields.map(({ resource, after }) => [resource, after]));
      await work.client.call(updateQuota, { params: { id }, body: { hard } });
    },
  });
}

/** Removed only when files say that it is absent, and only when it is empty. */
function planAbsent(name: string, there: ProjectThere, prune: boolean, draft: PlanDraft): void {
  const about = { noun: 'project', name, project: undefined } as const;
  if (!prune) {
    draft.keep({ ...about, why: 'projects are removed with --prune only' });
  } else if (there.repositories > 0) {
    draft.keep({ ...about, why: `it holds ${there.repositories} repositories` });
  } else {
    draft.add({
      ...about,
      action: 'remove',
      fields: [],
      secrets: [],
      async run(work) {
        await work.client.call(deleteProject, inProject(name));
      },
    });
  }
}

/** Whoever makes a project administers it, so he is there when the rest of the plan is done. */
async function foreseeMembers(client: ManagementClient): Promise<Found<Member>[]> {
  const user = await fetchOwnName(client);
  return user === undefined ? [] : [{ id: 0, entry: { user, group: undefined, role: 'admin' } }];
}

/** Plans one project that files name. Rejects as the API does. */
export async function planProject(
  client: ManagementClient,
  project: ProjectState,
  options: PlanOptions,
  draft: PlanDraft,
): Promise<void> {
  const { name } = project;
  const { prune, sendSecrets } = options;
  const there = await fetchProject(client, name);
  if (project.absent === true) {
    if (there !== undefined) {
      planAbsent(name, there, prune, draft);
    }
    return;
  }

  async function plan<E extends object>(
    kind: Kind<E>,
    wanted: readonly E[] | undefined,
    more: { readonly found?: Found<E>[]; readonly prune?: boolean; keepWhy?: (entry: E) => string | undefined } & {
      nameOf?: (key: string) => string;
    } = {},
  ): Promise<void> {
    const isMade = there !== undefined || kind.noun === roles.noun;
    const found = wanted === undefined || !isMade ? [] : await listKind(kind, client, name);
    if (found === undefined) {
      draft.note(`this registry has no ${kind.noun}s yet: those of ${name} are left out`);
      return;
    }
    planList({ kind, project: name, wanted, found, prune, sendSecrets, ...more }, draft);
  }

  // Roles come before the project, so that their removal comes after that of whoever has them.
  await plan(roles, project.roles, { nameOf: (role) => roleWithinProject(name, role) ?? role });
  await planItself(client, project, there, draft);
  const namesAdministrator = project.members?.some(({ role }) => isAdministrator(role)) === true;
  await plan(members, project.members, {
    ...(there === undefined ? { found: await foreseeMembers(client), prune: namesAdministrator } : {}),
    keepWhy: ({ role }) =>
      isAdministrator(role) && !namesAdministrator ? 'the files name no administrator in place of this one' : undefined,
  });
  await plan(labels, project.labels);
  await plan(repositoryMembers, project.repository_members);
  await plan(robots, project.robots);
  await plan(workloadIdentities, project.workload_identities);
  await plan(webhooks, project.webhooks);
  await plan(immutableTags, project.immutable_tags);
  await plan(retention, project.retention && [project.retention]);
}
