import { roleIds } from '@entrepot/contract/permissions';
import { type CveAllowlist, showAllowlist } from '#tenancy/cve-allowlists';
import type { ProjectDetail } from '#tenancy/projects';

/** Harbor shows the strongest role as the role: its ids are in no order. */
const strongestFirst: readonly number[] = [
  roleIds.projectAdmin,
  roleIds.maintainer,
  roleIds.developer,
  roleIds.guest,
  roleIds.limitedGuest,
];

/** A project with Harbor's fields, for somebody who has these roles in it. */
export function showProject(
  project: ProjectDetail,
  seen: {
    readonly roles: readonly number[];
    readonly allowlist: CveAllowlist | undefined;
    readonly togglable: boolean;
    readonly withDetail: boolean;
  },
) {
  const { roles } = seen;
  const strongest = strongestFirst.find((id) => roles.includes(id)) ?? roles[0];
  return {
    project_id: project.id,
    owner_id: project.ownerId ?? 0,
    name: project.name,
    registry_id: 0,
    creation_time: new Date(project.createdAt).toISOString(),
    update_time: new Date(project.updatedAt).toISOString(),
    deleted: false,
    owner_name: project.ownerName,
    repo_count: project.repositories,
    ...(seen.withDetail && {
      togglable: seen.togglable,
      current_user_role_id: strongest ?? 0,
      current_user_role_ids: roles,
      metadata: project.metadata,
      cve_allowlist: showAllowlist(project.id, seen.allowlist),
    }),
  };
}
