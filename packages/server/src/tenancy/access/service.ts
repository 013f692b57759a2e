import type { Permission } from '@entrepot/contract/permissions';
import { type Account, accountOf, type Actor, type AnonymousActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import type { Viewer } from '#kernel/viewer';
import { createExpiring } from '#platform/cache';
import { adminRule, everyProjectRules, explain, findRule, publicRule, robotRules, ruleOf, tokenMay } from './rules.ts';
import type { Decision, Project, ProjectLookup, RoleGiven, RoleLookup, Rule } from './types.ts';

/** Changes made on another node are seen after so long at most. */
const projectTtlMs = 5000;
const rulesTtlMs = 15_000;

/** What is asked about: a project and perhaps a repository in it, by its whole name; nothing for the registry itself. */
export interface Place {
  readonly project: Project;
  readonly repository?: string | undefined;
}

export interface Access {
  /** The project a name belongs to, at most a few seconds old. */
  findProject(name: string): Eventually<Project | undefined>;
  /** Whether the actor may do this in the repository. */
  may(actor: Actor, permission: Permission, project: Project, repository: string): Eventually<boolean>;
  /** Whether the account behind the actor may, whatever the token in its hand was narrowed to. */
  accountOfMay(actor: Actor, permission: Permission, project: Project, repository?: string): Eventually<boolean>;
  /** Whether the account behind the actor may do this in the whole registry. */
  mayInSystem(actor: Actor, permission: Permission): Eventually<boolean>;
  /**
   * Passes where the account behind the actor may. Otherwise fails as much as he may know: `unauthorized` for nobody,
   * `project-not-found` where he may not see the project, which is what is told of a project that is not there, and
   * `denied` where he may.
   */
  demand(actor: Actor, permission: Permission, place: Place): Promise<void>;
  /** The same for the whole registry: fails with `unauthorized` or `denied`. */
  demandInSystem(actor: Actor, permission: Permission): Promise<void>;
  /**
   * Whether the account behind the actor has a permission in a place by right of its own, and without limits: only what
   * one has can be handed on. What is open to everybody is nobody's to hand on.
   */
  holds(actor: Actor, permission: Permission, place: Project | 'every-project' | 'system'): Promise<boolean>;
  /** The decision on an account, with the rule that made it. */
  explain(account: AnonymousActor | Account, permission: Permission, place: Place | undefined): Promise<Decision>;
  /** The projects that the account behind the actor may see in lists. */
  viewerOf(actor: Actor): Promise<Viewer>;
  /** Forgets what is cached of a project, after a change on this node. */
  forgetProject(name: string): void;
  /** Forgets what is cached of everybody's roles, after a change on this node. */
  forgetRoles(): void;
}

export interface AccessDeps {
  readonly projects: ProjectLookup;
  readonly roles: RoleLookup;
  readonly clock: Clock;
  readonly anonymousPull: boolean;
}

/** What is told of a project that is not there, and of one that may not be seen. */
export function projectNotFound(nameOrId: string): RegistryError {
  return new RegistryError('project-not-found', `project ${nameOrId} not found`);
}

const nobodysRules: readonly Rule[] = [];

export function createAccess({ projects, roles, clock, anonymousPull }: AccessDeps): Access {
  const known = createExpiring<Project>({ capacity: 10_000, ttlMs: projectTtlMs, clock });
  /** By project and user; the registry itself is project 0. */
  const held = createExpiring<readonly Rule[]>({ capacity: 50_000, ttlMs: rulesTtlMs, clock });

  function remember(name: string, project: Project | undefined): Project | undefined {
    if (project !== undefined) known.set(name, project);
    return project;
  }

  function heldIn(projectId: number, userId: number): Eventually<readonly Rule[]> {
    const key = `${projectId}:${userId}`;
    const cached = held.get(key);
    if (cached !== undefined) return cached;
    const keep = (given: readonly RoleGiven[]) => {
      const rules = given.map((role) => ruleOf(role, projectId === 0 ? 'in the registry' : 'in the project'));
      held.set(key, rules);
      return rules;
    };
    const given = projectId === 0 ? roles.inSystem(userId) : roles.inProject(projectId, userId);
    return given instanceof Promise ? given.then(keep) : keep(given);
  }

  /** A role in the registry reaches into every project. */
  function heldBy(userId: number, project: Project | undefined): Eventually<readonly Rule[]> {
    const inSystem = heldIn(0, userId);
    if (project === undefined) return inSystem;
    const inProject = heldIn(project.id, userId);
    if (inSystem instanceof Promise || inProject instanceof Promise) {
      return Promise.all([inProject, inSystem]).then(([own, wide]) => join(own, wide));
    }
    return join(inProject, inSystem);
  }

  /** Everything that speaks for an account, but for what is open to all. */
  function rulesOf(account: AnonymousActor | Account, project: Project | undefined): Eventually<readonly Rule[]> {
    if (account.kind === 'anonymous') return nobodysRules;
    if (account.kind === 'robot') return robotRules(account, project);
    return account.admin ? adminsRules : heldBy(account.userId, project);
  }

  function isOpen(account: AnonymousActor | Account, project: Project): boolean {
    return project.public && (anonymousPull || account.kind !== 'anonymous');
  }

  function judge(
    account: AnonymousActor | Account,
    permission: Permission,
    project: Project,
    repository: string | undefined,
  ): Eventually<boolean> {
    if (isOpen(account, project) && publicRule.permissions.has(permission)) return true;
    const below = repository?.slice(project.name.length + 1);
    const rules = rulesOf(account, project);
    const decide = (all: readonly Rule[]) => findRule(all, permission, below) !== undefined;
    return rules instanceof Promise ? rules.then(decide) : decide(rules);
  }

  function mayInSystem(actor: Actor, permission: Permission): Eventually<boolean> {
    const rules = rulesOf(accountOf(actor), undefined);
    const decide = (all: readonly Rule[]) => findRule(all, permission, undefined) !== undefined;
    return rules instanceof Promise ? rules.then(decide) : decide(rules);
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
      return judge(actor, permission, project, repository);
    },
    accountOfMay: (actor, permission, project, repository) => judge(accountOf(actor), permission, project, repository),
    mayInSystem,
    async demand(actor, permission, { project, repository }) {
      const account = accountOf(actor);
      if (await judge(account, permission, project, repository)) return;
      if (account.kind === 'anonymous') throw new RegistryError('unauthorized', 'unauthorized: sign in first.');
      if (!(await judge(account, 'project:read', project, repository))) throw projectNotFound(project.name);
      throw new RegistryError('denied', `You may not ${permission.replace(':', ' ')} in the project ${project.name}.`);
    },
    async demandInSystem(actor, permission) {
      if (await mayInSystem(actor, permission)) return;
      if (accountOf(actor).kind === 'anonymous') {
        throw new RegistryError('unauthorized', 'unauthorized: sign in first.');
      }
      throw new RegistryError('denied', `You may not ${permission.replace(':', ' ')} in this registry.`);
    },
    async holds(actor, permission, place) {
      const account = accountOf(actor);
      const project = typeof place === 'string' ? undefined : place;
      const rules =
        account.kind === 'robot' && place === 'every-project'
          ? everyProjectRules(account)
          : await rulesOf(account, project);
      return rules.some((rule) => rule.reaches === undefined && rule.permissions.has(permission));
    },
    async explain(account, permission, place) {
      const rules = await rulesOf(account, place?.project);
      const open = place !== undefined && isOpen(account, place.project) ? [publicRule] : [];
      return explain([...open, ...rules], permission, place?.repository?.slice(place.project.name.length + 1));
    },
    async viewerOf(actor) {
      const account = accountOf(actor);
      const publicToo = anonymousPull || account.kind !== 'anonymous';
      if (account.kind === 'anonymous') return { kind: 'some', projectIds: [], publicToo };
      const everywhere = await rulesOf(account, undefined);
      if (account.kind === 'user') {
        if (findRule(everywhere, 'project:read', undefined) !== undefined) return { kind: 'all' };
        return { kind: 'some', projectIds: await roles.projectsOf(account.userId), publicToo };
      }
      const seen = account.grants.filter((grant) => grant.permissions.has('project:read') || seesRepositories(grant));
      if (seen.some((grant) => grant.place === 'every-project')) return { kind: 'all' };
      const projectIds = seen.map((grant) => grant.place).filter((place) => typeof place === 'number');
      return { kind: 'some', projectIds, publicToo };
    },
    forgetProject: (name) => known.delete(name),
    forgetRoles: () => held.clear(),
  };
}

const adminsRules: readonly Rule[] = [adminRule];

/** A robot that may pull from a project finds its repositories in lists, project:read or not. */
function seesRepositories(grant: { readonly permissions: ReadonlySet<Permission> }): boolean {
  return grant.permissions.has('repository:pull') || grant.permissions.has('repository:list');
}

/** Most people have roles in one of the two only. */
function join(own: readonly Rule[], wide: readonly Rule[]): readonly Rule[] {
  if (wide.length === 0) return own;
  return own.length === 0 ? wide : [...own, ...wide];
}
