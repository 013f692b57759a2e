import { type Permission, permissions } from '@entrepot/contract/permissions';
import { anonymous, type RobotActor, type UserActor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { type Access, type Decision, explainRoles, type Place, type Project } from '#tenancy/access';
import type { GroupStore } from '#tenancy/groups';
import type { MemberStore } from '#tenancy/members';
import type { UserStore } from '#tenancy/users';

/** Whom and what somebody asks about. */
export interface Question {
  readonly user?: string | undefined;
  readonly robot?: string | undefined;
  readonly group?: string | undefined;
  readonly permission: string;
  /** Behind the project's name. */
  readonly repository?: string | undefined;
}

export interface Explanations {
  /**
   * The decision on somebody, and what was looked at. Fails with `query-invalid` for a permission that there is not, and
   * with `object-not-found` for somebody who is not there, or is none of the askers in this project's business.
   */
  explain(question: Question, project: Project | undefined, onlyProject: boolean): Promise<Decision>;
}

export interface ExplanationsDeps {
  readonly access: Pick<Access, 'explain'>;
  readonly users: Pick<UserStore, 'find'>;
  readonly groups: Pick<GroupStore, 'find' | 'findByName'>;
  readonly members: Pick<MemberStore, 'ofGroup'>;
  readonly findRobot: (name: string) => Promise<RobotActor | undefined>;
}

export function createExplanations({ access, users, groups, members, findRobot }: ExplanationsDeps): Explanations {
  async function findUser(name: string): Promise<UserActor | 'disabled'> {
    const user = await users.find(name);
    if (user === undefined) throw notFound('user', name);
    if (user.disabled) return 'disabled';
    return { kind: 'user', userId: user.id, name: user.name, admin: user.admin };
  }

  async function findGroup(nameOrId: string): Promise<number> {
    const byId = /^[1-9]\d{0,14}$/.test(nameOrId) ? await groups.find(Number(nameOrId)) : undefined;
    const [named, ...more] = byId === undefined ? await groups.findByName(nameOrId) : [byId];
    if (named === undefined) throw notFound('group', nameOrId);
    if (more.length > 0) {
      throw new RegistryError(
        'query-invalid',
        `query.group: several groups are called ${nameOrId}; name it by its id.`,
      );
    }
    return named.id;
  }

  /** Administrators of a project learn nothing of robots that have no business in it. */
  async function robotCalled(name: string, project: Project | undefined, onlyProject: boolean): Promise<RobotActor> {
    const robot = await findRobot(name);
    const concerns =
      !onlyProject ||
      robot?.projectId === project?.id ||
      robot?.grants.some(({ place }) => place === project?.id || place === 'every-project') === true;
    if (robot === undefined || !concerns) throw notFound('robot', name);
    return robot;
  }

  return {
    async explain({ user, robot, group, permission, repository }, project, onlyProject) {
      if ([user, robot, group].filter((one) => one !== undefined).length > 1) {
        throw new RegistryError('query-invalid', 'query: ask about one user, one robot or one group.');
      }
      if (repository !== undefined && project === undefined) {
        throw new RegistryError('query-invalid', 'query.repository: name the project as well.');
      }
      const asked = readPermission(permission);
      const place: Place | undefined = project && {
        project,
        repository: repository === undefined ? undefined : `${project.name}/${repository}`,
      };
      if (group !== undefined) {
        return explainRoles(await members.ofGroup(await findGroup(group), project?.id), asked, place);
      }
      if (robot !== undefined) return access.explain(await robotCalled(robot, project, onlyProject), asked, place);
      const account = user === undefined ? anonymous : await findUser(user);
      if (account === 'disabled') {
        const considered = [{ source: `the account ${user} is disabled`, allows: false }];
        return { allowed: false, rule: undefined, considered };
      }
      return access.explain(account, asked, place);
    },
  };
}

function readPermission(text: string): Permission {
  const found = permissions.find((permission) => permission === text);
  if (found !== undefined) return found;
  throw new RegistryError('query-invalid', 'query.permission: there is no such permission; expected resource:action.');
}

const notFound = (kind: string, name: string) => new RegistryError('object-not-found', `${kind} ${name} not found`);
