import { accountOf, type Actor } from '#kernel/actor';
import type { Access, RoleLookup } from '#tenancy/access';
import type { AuditScope } from './types.ts';

/** Which rows the actor may read: all, or those of the projects whose log he may list. Others find an empty list. */
export type FindAuditScope = (actor: Actor) => Promise<AuditScope>;

export function createFindAuditScope(deps: {
  readonly access: Pick<Access, 'mayInSystem' | 'accountOfMay'>;
  readonly roles: Pick<RoleLookup, 'projectsOf'>;
}): FindAuditScope {
  const { access, roles } = deps;
  return async (actor) => {
    if (await access.mayInSystem(actor, 'audit-log:list')) return { kind: 'all' };
    if (await access.mayInSystem(actor, 'log:list')) return { kind: 'every-project' };
    const account = accountOf(actor);
    if (account.kind === 'anonymous') return { kind: 'projects', projectIds: [] };
    if (account.kind === 'robot') {
      const places = account.grants.filter(({ permissions }) => permissions.has('log:list')).map(({ place }) => place);
      if (places.includes('every-project')) return { kind: 'every-project' };
      return { kind: 'projects', projectIds: places.filter((place) => typeof place === 'number') };
    }
    const projectIds: number[] = [];
    for (const id of await roles.projectsOf(account.userId)) {
      // A role decides: that a project is open to all opens no log.
      if (await access.accountOfMay(account, 'log:list', { id, name: '', public: false })) projectIds.push(id);
    }
    return { kind: 'projects', projectIds };
  };
}
