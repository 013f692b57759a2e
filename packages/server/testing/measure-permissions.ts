import type { Account, Actor } from '#kernel/actor';
import { createAccess, type Project } from '#tenancy/access';
import { aRole, givenRoles } from '#testing/given-roles';

/** What one decision costs, in microseconds, for each kind of account. */
export type PermissionCosts = Readonly<Record<string, number>>;

const warmUp = 200_000;
const checks = 1_000_000;

const team: Project = { id: 1, name: 'team', public: false };

const anna: Account = { kind: 'user', userId: 7, name: 'anna', admin: false };

const accounts: Readonly<Record<string, Actor>> = {
  'a member of the project': { ...anna },
  'a user of four groups with a role each, in the project and in the registry': { ...anna, userId: 8 },
  'a user with a role in some repositories': { ...anna, userId: 9 },
  'a robot of the project': {
    kind: 'robot',
    robotId: 1,
    name: 'robot$team+ci',
    projectId: 1,
    grants: [{ place: 1, permissions: new Set(['repository:pull']) }],
  },
  'a robot that is limited to some repositories': {
    kind: 'robot',
    robotId: 2,
    name: 'robot$team+limited',
    projectId: 1,
    grants: [{ place: 1, permissions: new Set(['repository:pull']) }],
    repositories: ['{web,api}/**', 'app-*'],
  },
  'a token': {
    kind: 'token',
    account: anna,
    catalog: false,
    grants: [{ repository: 'team/app-shop', projectId: 1, actions: ['pull'] }],
  },
};

/** Times decisions of the real rules on roles that are remembered, as they are between two looks at the database. */
export async function measurePermissions(): Promise<PermissionCosts> {
  const access = createAccess({
    clock: Date.now,
    anonymousPull: true,
    projects: { find: () => team },
    roles: givenRoles({
      '1:7': [aRole(3)],
      '1:8': ['a', 'b', 'c', 'd'].map((group) => aRole(5, { group })),
      '0:8': [aRole(1001, { permissions: ['repository:push', 'repository:pull'] })],
      '1:9': [aRole(3, { pattern: 'web/**' }), aRole(3, { pattern: '{api,app}-*' })],
    }),
  });
  const costs: Record<string, number> = {};
  for (const [name, actor] of Object.entries(accounts)) {
    const decide = (times: number) => {
      let allowed = 0;
      for (let at = 0; at < times; at++) {
        if (access.may(actor, 'repository:pull', team, 'team/app-shop') === true) allowed++;
      }
      if (allowed !== times) throw new Error(`${name} was not let in`);
    };
    await access.may(actor, 'repository:pull', team, 'team/app-shop');
    decide(warmUp);
    const started = performance.now();
    decide(checks);
    costs[name] = ((performance.now() - started) * 1000) / checks;
  }
  return costs;
}
