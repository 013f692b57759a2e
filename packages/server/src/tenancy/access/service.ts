import type { Permission } from '@entrepot/contract/permissions';
import type { Actor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { createExpiring } from '#platform/cache';
import type { Eventually } from '#kernel/eventually';
import { accountMay, tokenMay } from './rules.ts';
import type { Project, ProjectLookup } from './types.ts';

/** Changes made on another node are seen after so long at most. */
const projectTtlMs = 5000;
const roleTtlMs = 15_000;

export interface Access {
  /** The project a name belongs to, at most a few seconds old. */
  findProject(name: string): Eventually<Project | undefined>;
  /** Whether the actor may do this in the repository. */
  may(actor: Actor, permission: Permission, project: Project, repository: string): Eventually<boolean>;
  /** Whether the account behind the actor may, whatever the token in its hand was narrowed to. */
  accountOfMay(actor: Actor, permission: Permission, project: Project): Eventually<boolean>;
  /** Forgets what is cached of a project, after a change on this node. */
  forgetProject(name: string): void;
}

export interface AccessDeps {
  readonly projects: ProjectLookup;
  readonly clock: Clock;
  readonly anonymousPull: boolean;
}

export function createAccess({ projects, clock, anonymousPull }: AccessDeps): Access {
  const known = createExpiring<Project>({ capacity: 10_000, ttlMs: projectTtlMs, clock });
  const roles = createExpiring<{ role: number | undefined }>({ capacity: 50_000, ttlMs: roleTtlMs, clock });

  function remember(name: string, project: Project | undefined): Project | undefined {
    if (project !== undefined) known.set(name, project);
    return project;
  }

  function findRole(projectId: number, userId: number): Eventually<number | undefined> {
    const key = `${projectId}:${userId}`;
    const cached = roles.get(key);
    if (cached !== undefined) return cached.role;
    const keep = (role: number | undefined) => {
      roles.set(key, { role });
      return role;
    };
    const found = projects.roleOf(projectId, userId);
    return found instanceof Promise ? found.then(keep) : keep(found);
  }

  function accountOfMay(actor: Actor, permission: Permission, project: Project): Eventually<boolean> {
    const userId = actor.kind === 'anonymous' ? undefined : actor.userId;
    const admin = actor.kind !== 'anonymous' && actor.admin;
    const open = anonymousPull || userId !== undefined;
    const judge = (role: number | undefined) => accountMay({ admin, role }, permission, project, open);
    if (admin || userId === undefined) return judge(undefined);
    const role = findRole(project.id, userId);
    return role instanceof Promise ? role.then(judge) : judge(role);
  }

  return {
    findProject(name) {
      const cached = known.get(name);
      if (cached !== undefined) return cached;
      const found = projects.find(name);
      return found instanceof Promise ? found.then((project) => remember(name, project)) : remember(name, found);
    },
    may(actor, permission, project, repository) {
      if (actor.kind === 'token') return tokenMay(actor, permission, project, repository);
      return accountOfMay(actor, permission, project);
    },
    accountOfMay,
    forgetProject: (name) => known.delete(name),
  };
}
