import type { Permission } from '@entrepot/contract/permissions';
import { type DistributionPath, parseDistributionPath } from '@entrepot/oci/distribution-path';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Scope } from '@entrepot/oci/scope';
import { type Actor, anonymous, isAdmin } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import { type Exchange, isFault, ociErrorReply, type Reply, toRegistryError } from '#platform/http';
import { type Access } from '#tenancy/access';
import type { Audit, AuditAction } from '#tenancy/audit';
import type { Identity } from '#tenancy/identity';
import { type Project, projectNameOf } from '#tenancy/projects';
import { type ChallengeOptions, challengeHeaders } from './challenge.ts';
import { readRepositoryName } from './names.ts';
import { apiVersion } from './replies.ts';
import { type DistributionRoute, isRegistryRoute, type RegistryRoute, type RepositoryRoute } from './route.ts';

export interface DispatchDeps {
  readonly routes: readonly DistributionRoute[];
  readonly identity: Identity;
  readonly access: Access;
  readonly challenge: ChallengeOptions;
  /** True while nothing may be changed: pushes and deletes are refused. */
  readonly isReadOnly: () => boolean;
  readonly onFault: (error: RegistryError, exchange: Exchange) => void;
  readonly audit: Pick<Audit, 'noteRefusal'>;
}

/** Handles a request under `/v2`: finds the route, then who asks, then whether they may, then asks the handler. */
export type Dispatch = (exchange: Exchange) => Eventually<Reply>;

/** What changes something, under the name that the audit has for it. */
const changes: Partial<Record<Permission, AuditAction>> = {
  'repository:push': 'push-artifact',
  'artifact:delete': 'delete-artifact',
};

/** The scope a client should ask for to be allowed what it tried; a push reads as well. */
const scopeActions: Partial<Record<Permission, string[]>> = {
  'repository:pull': ['pull'],
  'artifact:list': ['pull'],
  'tag:list': ['pull'],
  'repository:push': ['pull', 'push'],
  'artifact:delete': ['delete'],
};

export function createDispatch(deps: DispatchDeps): Dispatch {
  const { identity, access, challenge } = deps;
  const table = new Map(deps.routes.map((route) => [`${route.method} ${route.kind}`, route]));

  function refuse(exchange: Exchange, error: unknown, actor: Actor | undefined, scopes: readonly Scope[]): Reply {
    const told = toRegistryError(error, exchange.requestId);
    if (isFault(told)) deps.onFault(told, exchange);
    const extra: string[] = [...apiVersion, 'X-Request-Id', exchange.requestId];
    if (told.code === 'unauthorized' || told.code === 'insufficient-scope') {
      extra.push(...challengeHeaders(challenge, exchange.origin, scopesOf(told, scopes), bearerError(told, actor)));
    }
    if (told.code === 'range-unsatisfiable') {
      extra.push('Content-Range', `bytes */${(told.detail as { size: number }).size}`);
    }
    return ociErrorReply(told, extra);
  }

  /** Nobody, nothing and not yours look alike to those who may not read; readers are told that they may not write. */
  async function denial(actor: Actor, request: Located, permission: Permission): Promise<RegistryError> {
    const { project, repository } = request;
    const asked = `${scopeActions[permission]?.at(-1) ?? permission} ${repository}`;
    if (actor.kind === 'anonymous') return new RegistryError('unauthorized', `Sign in to ${asked}.`);
    const unknown = new RegistryError(
      'project-not-found',
      `There is no project ${projectNameOf(repository)} that you may see: repositories are named <project>/<name>, and a project is made before the first push.`,
    );
    if (project === undefined && isAdmin(actor)) return unknown;
    if (actor.kind === 'token') return new RegistryError('insufficient-scope', `The token does not allow to ${asked}.`);
    if (project !== undefined && (await access.may(actor, 'repository:pull', project, repository))) {
      return new RegistryError('denied', `You may not ${asked}.`);
    }
    return unknown;
  }

  /** A change that the account behind the actor may not make; a token that is narrower than its account is none. */
  async function noteRefusal(exchange: Exchange, actor: Actor, request: Located, permission: Permission) {
    const { project, repository } = request;
    const action = changes[permission];
    if (action === undefined || project === undefined || actor.kind === 'anonymous') return;
    if (await access.accountOfMay(actor, permission, project, repository)) return;
    deps.audit.noteRefusal({
      action,
      asker: { actor, address: exchange.origin.address, requestId: exchange.requestId },
      projectId: project.id,
      resource: repository,
      outcome: 'failure',
      detail: { method: exchange.method, error: 'denied' },
    });
  }

  interface Located {
    readonly project: Project | undefined;
    readonly repository: RepositoryName;
  }

  function inRepository(
    exchange: Exchange,
    route: RepositoryRoute,
    path: DistributionPath,
    actor: Actor,
  ): Eventually<Reply> {
    const repository = readRepositoryName((path as { name: string }).name);
    const scopes = [{ type: 'repository', name: repository, actions: scopeActions[route.permission] ?? [] }];
    const fail = (error: unknown) => refuse(exchange, error, actor, scopes);

    const decided = (project: Project | undefined, allowed: boolean): Eventually<Reply> => {
      if (project === undefined || !allowed) {
        const located = { project, repository };
        return noteRefusal(exchange, actor, located, route.permission)
          .then(() => denial(actor, located, route.permission))
          .then(fail);
      }
      if (deps.isReadOnly() && changes[route.permission] !== undefined) {
        return fail(
          new RegistryError('read-only', 'The registry is read-only at the moment: nothing can be pushed or deleted.'),
        );
      }
      const asker = () => ({ actor, address: exchange.origin.address, requestId: exchange.requestId });
      try {
        const reply = route.handle({ exchange, path: path as never, actor, project, repository, asker });
        return reply instanceof Promise ? reply.catch(fail) : reply;
      } catch (error) {
        return fail(error);
      }
    };
    const located = (project: Project | undefined): Eventually<Reply> => {
      const allowed = project !== undefined && access.may(actor, route.permission, project, repository);
      return allowed instanceof Promise ? allowed.then((yes) => decided(project, yes)) : decided(project, allowed);
    };
    const project = access.findProject(projectNameOf(repository));
    return project instanceof Promise ? project.then(located).catch(fail) : located(project);
  }

  async function atRegistry(exchange: Exchange, route: RegistryRoute, actor: Actor): Promise<Reply> {
    const catalog = route.permission === 'catalog:read';
    const scopes = catalog ? [{ type: 'registry', name: 'catalog', actions: ['*'] }] : [];
    try {
      // Clients decide by this answer whether they send credentials at all, so nobody is asked who they are here.
      if (route.permission !== 'public' && actor.kind === 'anonymous')
        throw new RegistryError('unauthorized', 'Sign in first.');
      if (catalog && actor.kind === 'token' && !actor.catalog) {
        throw new RegistryError('insufficient-scope', 'The token does not allow to list the catalog.');
      }
      return await route.handle({ exchange, actor });
    } catch (error) {
      return refuse(exchange, error, actor, scopes);
    }
  }

  function withActor(
    exchange: Exchange,
    route: DistributionRoute,
    path: DistributionPath,
    actor: Actor,
  ): Eventually<Reply> {
    try {
      return isRegistryRoute(route) ? atRegistry(exchange, route, actor) : inRepository(exchange, route, path, actor);
    } catch (error) {
      return refuse(exchange, error, actor, []);
    }
  }

  function find(exchange: Exchange): { route: DistributionRoute; path: DistributionPath } {
    const path = parseDistributionPath(exchange.path);
    if (path === undefined) throw new RegistryError('route-not-found', 'There is no such endpoint under /v2/.');
    const route = table.get(`${exchange.method} ${path.kind}`);
    if (route === undefined)
      throw new RegistryError('method-not-allowed', `${exchange.method} is not for this endpoint.`);
    return { route, path };
  }

  return (exchange) => {
    try {
      const { route, path } = find(exchange);
      exchange.route = route.template;
      const refused = (error: unknown) => refuse(exchange, error, undefined, scopesFor(route, path));
      try {
        const actor = identity.identifyOn(exchange.request.socket, exchange.headers.authorization, exchange);
        return actor instanceof Promise
          ? actor.then((known) => withActor(exchange, route, path, known), refused)
          : withActor(exchange, route, path, actor);
      } catch (error) {
        return refused(error);
      }
    } catch (error) {
      return refuse(exchange, error, anonymous, []);
    }
  };
}

function scopesFor(route: DistributionRoute, path: DistributionPath): Scope[] {
  if (isRegistryRoute(route) || !('name' in path)) return [];
  return [{ type: 'repository', name: path.name, actions: scopeActions[route.permission] ?? [] }];
}

/** A mount is challenged for both repositories at once. */
function scopesOf(error: RegistryError, scopes: readonly Scope[]): readonly Scope[] {
  const also = (error.detail as { also?: string } | undefined)?.also;
  return also === undefined ? scopes : [...scopes, { type: 'repository', name: also, actions: ['pull'] }];
}

function bearerError(
  error: RegistryError,
  actor: Actor | undefined,
): 'invalid_token' | 'insufficient_scope' | undefined {
  if (error.code === 'insufficient-scope') return 'insufficient_scope';
  // Nobody was recognised although credentials came along.
  return actor === undefined ? 'invalid_token' : undefined;
}
