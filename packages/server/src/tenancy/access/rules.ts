import {
  type Permission,
  permissions,
  type ProjectRole,
  publicPermissions,
  roleIds,
  rolePermissions,
} from '@entrepot/contract/permissions';
import type { Actor, RobotActor, RobotGrant, TokenActor } from '#kernel/actor';
import { createGlob } from '#kernel/glob';
import type { Decision, Project, RoleGiven, Rule } from './types.ts';

/** The token action that stands for a permission (distribution token scopes). */
const tokenActions: Partial<Record<Permission, string>> = {
  'repository:pull': 'pull',
  'artifact:list': 'pull',
  'tag:list': 'pull',
  'repository:push': 'push',
  'artifact:delete': 'delete',
};

const rolesById = new Map(
  Object.entries(roleIds).map(([name, id]) => [
    id as number,
    { name, permissions: new Set<Permission>(rolePermissions[name as ProjectRole]) },
  ]),
);
const everything: ReadonlySet<Permission> = new Set(permissions);

/** Administrators of the registry may do everything everywhere. */
export const adminRule: Rule = { source: 'administrator of the registry', permissions: everything };

/** What a public project allows to everybody. */
export const publicRule: Rule = { source: 'the project is public', permissions: new Set(publicPermissions) };

/** A stored role as a rule. A role that does not exist any more gives nothing. */
export function ruleOf(given: RoleGiven, where: string): Rule {
  const builtIn = rolesById.get(given.roleId);
  const through = given.group === undefined ? '' : `, as a member of the group ${given.group}`;
  const limit = given.pattern === undefined ? '' : ` in repositories ${given.pattern}`;
  const rule = {
    source: `role ${builtIn?.name ?? given.roleName ?? given.roleId}${limit} ${where}${through}`,
    permissions: builtIn?.permissions ?? new Set(given.permissions ?? []),
  };
  return given.pattern === undefined ? rule : { ...rule, reaches: createGlob(given.pattern) };
}

/** What a robot has in a project, or in the registry where there is none. */
export function robotRules(robot: RobotActor, project: Project | undefined): Rule[] {
  const reach = reachOf(robot);
  return robot.grants
    .filter((grant) => coversPlace(grant, project))
    .map((grant) => ({ source: `what ${robot.name} was given`, permissions: grant.permissions, ...reach }));
}

/** By actor, which is made once a sign-in: patterns are not read anew at every request. */
const reaches = new WeakMap<RobotActor, Pick<Rule, 'reaches'>>();

function reachOf(robot: RobotActor): Pick<Rule, 'reaches'> {
  if (robot.repositories === undefined) return {};
  const known = reaches.get(robot);
  if (known !== undefined) return known;
  const globs = robot.repositories.map(createGlob);
  const reach = { reaches: (repository: string) => globs.some((glob) => glob(repository)) };
  reaches.set(robot, reach);
  return reach;
}

/** What a robot has in whatever project. */
export function everyProjectRules(robot: RobotActor): Rule[] {
  const reach = reachOf(robot);
  return robot.grants
    .filter((grant) => grant.place === 'every-project')
    .map((grant) => ({ source: `what ${robot.name} was given`, permissions: grant.permissions, ...reach }));
}

function coversPlace(grant: RobotGrant, project: Project | undefined): boolean {
  if (project === undefined) return grant.place === 'system';
  return grant.place === project.id || grant.place === 'every-project';
}

/**
 * The one decision: the first rule that allows it, or none. `repository` is the name behind the project's. A rule for
 * some repositories only allows what is asked about one of them; to see the project is the exception, without which
 * nobody would find them.
 */
export function findRule(
  rules: readonly Rule[],
  permission: Permission,
  repository: string | undefined,
): Rule | undefined {
  for (const rule of rules) if (allows(rule, permission, repository)) return rule;
  return undefined;
}

const seeing: ReadonlySet<Permission> = new Set<Permission>(['project:read', 'repository:list']);

function allows(rule: Rule, permission: Permission, repository: string | undefined): boolean {
  if (!rule.permissions.has(permission)) return false;
  if (rule.reaches === undefined) return true;
  return repository === undefined ? seeing.has(permission) : rule.reaches(repository);
}

/** The decision with its reasons. */
export function explain(rules: readonly Rule[], permission: Permission, repository: string | undefined): Decision {
  const considered = rules.map((rule) => ({ source: rule.source, allows: allows(rule, permission, repository) }));
  const rule = findRule(rules, permission, repository)?.source;
  return { allowed: rule !== undefined, rule, considered };
}

/** The decision on somebody who has exactly these roles, in a project or in the registry, such as a group. */
export function explainRoles(
  roles: { readonly here: readonly RoleGiven[]; readonly everywhere: readonly RoleGiven[] },
  permission: Permission,
  place: { readonly project: Project; readonly repository?: string | undefined } | undefined,
): Decision {
  const rules = [
    ...(place?.project.public === true ? [publicRule] : []),
    ...roles.here.map((given) => ruleOf(given, 'in the project')),
    ...roles.everywhere.map((given) => ruleOf(given, 'in the registry')),
  ];
  return explain(rules, permission, place?.repository?.slice(place.project.name.length + 1));
}

/** What a token may: what it says, in the very project it was made for. */
export function tokenMay(token: TokenActor, permission: Permission, project: Project, repository: string): boolean {
  const action = tokenActions[permission];
  if (action === undefined) return false;
  return token.grants.some(
    (grant) => grant.repository === repository && grant.projectId === project.id && grant.actions.includes(action),
  );
}

/** Whether the holder of a token asked for a repository when it fetched the token, granted or not. */
export function tokenAskedFor(actor: Actor, repository: string): boolean {
  return actor.kind !== 'token' || actor.grants.some((grant) => grant.repository === repository);
}
