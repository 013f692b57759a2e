import { roleIds } from '@entrepot/contract/permissions';
import {
  createProject,
  deleteProject,
  getProject,
  getProjectDeletable,
  getProjectSummary,
  headProject,
  listProjects,
  updateProject,
} from '@entrepot/contract/harbor/project';
import { accountOf, type Actor, anonymous, isAdmin, userIdOf } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import { type Condition, readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import { type Access, projectNotFound } from '#tenancy/access';
import { type CveAllowlists, readAllowlist } from '#tenancy/cve-allowlists';
import type { MemberStore } from '#tenancy/members';
import type { ProjectDetail, Projects } from '#tenancy/projects';
import { showProject } from './show-project.ts';

/** What a project may store and what it stores, in bytes by resource. */
export interface StorageUse {
  readonly hard: Readonly<Record<string, number>>;
  readonly used: Readonly<Record<string, number>>;
}

export interface ProjectRoutesDeps {
  readonly projects: Projects;
  readonly access: Access;
  readonly members: Pick<MemberStore, 'rolesIn' | 'countByRole'>;
  readonly allowlists: Pick<CveAllowlists, 'inForce'>;
  /** Whether the settings keep the making of projects to administrators. */
  readonly onlyAdminsCreate: () => Eventually<boolean>;
  /** Absent where nothing is limited. */
  readonly storageOf?: ((projectId: number) => Promise<StorageUse | undefined>) | undefined;
}

/** Old clients send the limit as nought where they mean none of their own. */
const ownLimit = (limit: number | null | undefined) =>
  (limit === undefined || limit === 0 ? undefined : limit) ?? undefined;

export function projectRoutes(deps: ProjectRoutesDeps): ManagedRoute[] {
  const { projects, access, members, allowlists } = deps;

  /** People may unless the settings say otherwise; robots and everybody else need the permission. */
  async function demandCreation(actor: Actor): Promise<void> {
    if (accountOf(actor).kind === 'user' && !(await deps.onlyAdminsCreate())) return;
    await access.demandInSystem(actor, 'project:create');
  }

  async function show(found: readonly ProjectDetail[], actor: Actor, withDetail: boolean) {
    const userId = userIdOf(actor);
    const ids = found.map(({ id }) => id);
    const roles = withDetail && userId !== undefined ? await members.rolesIn(userId, ids) : new Map<number, number[]>();
    const lists = withDetail ? await allowlists.inForce(found.map(withList)) : undefined;
    const asAdmin = isAdmin(actor);
    return found.map((project) => {
      const own = roles.get(project.id) ?? [];
      return showProject(project, {
        roles: own,
        allowlist: lists?.get(project.id),
        togglable: asAdmin || own.includes(roleIds.projectAdmin),
        withDetail,
      });
    });
  }

  async function detailOf(id: number, name: string): Promise<ProjectDetail> {
    const detail = await projects.get(id);
    if (detail === undefined) throw projectNotFound(name);
    return detail;
  }

  return [
    serve(listProjects, async ({ asker, query, url }) => {
      // A token of the data plane says nothing about who may see what here.
      const actor = asker.actor.kind === 'token' ? anonymous : asker.actor;
      const list = readListQuery(query);
      const conditions: Condition[] = [
        ...(query.name === undefined ? [] : [{ kind: 'like' as const, field: 'name', value: query.name }]),
        ...(query.owner === undefined ? [] : [{ kind: 'is' as const, field: 'owner', value: query.owner }]),
        ...(query.public === undefined ? [] : [{ kind: 'is' as const, field: 'public', value: String(query.public) }]),
      ];
      const viewer = await access.viewerOf(actor);
      const found = await projects.list(viewer, list, { conditions, withDetail: query.with_detail });
      return listReply(await show(found.projects, actor, query.with_detail), found.total, list, url);
    }),
    serve(createProject, async ({ asker, body, headers }) => {
      await demandCreation(asker.actor);
      const limit = ownLimit(body.storage_limit);
      if ((body.registry_id ?? 0) !== 0) {
        await access.demandInSystem(asker.actor, 'project:create');
        throw new RegistryError('not-implemented', 'body.registry_id: proxy-cache projects come in a later release.');
      }
      const project = await projects.create(asker, {
        name: body.project_name,
        public: (body.metadata?.public || String(body.public ?? false)) === 'true',
        metadata: body.metadata ?? {},
        allowlist: body.cve_allowlist ? readAllowlist(body.cve_allowlist) : undefined,
        // Others get the registry's default, as in Harbor.
        storageLimit: (await access.mayInSystem(asker.actor, 'quota:update')) ? limit : undefined,
      });
      const named = headers['x-resource-name-in-location'] === 'true';
      return { status: 201, headers: { Location: `/api/v2.0/projects/${named ? project.name : project.id}` } };
    }),
    serve(getProject, async ({ asker, project }) => {
      const [shown] = await show([await detailOf(project.id, project.name)], asker.actor, true);
      return { status: 200, body: shown };
    }),
    serve(updateProject, async ({ asker, project, body }) => {
      // Clients send back what they read: the limit and the upstream are changed elsewhere, the name nowhere.
      if (body.project_name && body.project_name !== project.name) {
        throw new RegistryError('body-invalid', 'body.project_name: a project keeps its name.');
      }
      await projects.update(asker, project, {
        metadata: {
          ...(typeof body.public === 'boolean' ? { public: String(body.public) } : {}),
          ...withoutEmpty(body.metadata ?? {}),
        },
        allowlist: body.cve_allowlist ? readAllowlist(body.cve_allowlist) : undefined,
      });
      return { status: 200 };
    }),
    serve(deleteProject, async ({ asker, project }) => {
      await projects.delete(asker, project);
      return { status: 200 };
    }),
    serve(headProject, async ({ asker, query }) => {
      const project = await projects.find(query.project_name, true);
      if (project === undefined) throw projectNotFound(query.project_name);
      await access.demand(asker.actor, 'project:read', { project });
      return { status: 200 };
    }),
    serve(getProjectDeletable, async ({ project }) => {
      const obstacle = await projects.findObstacle(project);
      return {
        status: 200,
        body: obstacle === undefined ? { deletable: true } : { deletable: false, message: obstacle },
      };
    }),
    serve(getProjectSummary, async ({ asker, project }) => {
      const detail = await detailOf(project.id, project.name);
      const mayCount = await access.accountOfMay(asker.actor, 'member:list', project);
      const mayMeasure = await access.accountOfMay(asker.actor, 'quota:read', project);
      const counts = mayCount ? await members.countByRole(project.id) : undefined;
      const count = (role: keyof typeof roleIds) => counts?.get(roleIds[role]) ?? 0;
      const quota = mayMeasure ? await deps.storageOf?.(project.id) : undefined;
      return {
        status: 200,
        body: {
          repo_count: detail.repositories,
          ...(counts && {
            project_admin_count: count('projectAdmin'),
            maintainer_count: count('maintainer'),
            developer_count: count('developer'),
            guest_count: count('guest'),
            limited_guest_count: count('limitedGuest'),
          }),
          ...(quota && { quota }),
        },
      };
    }),
  ];
}

function withoutEmpty(metadata: Readonly<Record<string, string | null | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** Harbor's default is the registry's list. */
const withList = ({ id, metadata }: ProjectDetail) => ({
  id,
  keepsOwn: metadata['reuse_sys_cve_allowlist'] === 'false',
});
