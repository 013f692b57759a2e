/**
 * The permission vocabulary, shared by server, console and command line: Harbor's resource and action names.
 * Every route names one of these, or says `public` (no credentials needed) or `authenticated` (any valid credentials).
 */
export const permissions = [
  'catalog:read',
  'project:create',
  'project:delete',
  'project:list',
  'project:read',
  'repository:list',
  'repository:pull',
  'repository:push',
  'artifact:delete',
  'artifact:list',
  'artifact:push-sparse',
  'tag:list',
] as const;

export type Permission = (typeof permissions)[number];

export type RoutePermission = Permission | 'public' | 'authenticated';

/** Project roles under Harbor's ids. */
export const roleIds = { projectAdmin: 1, developer: 2, guest: 3, maintainer: 4, limitedGuest: 5 } as const;

export type ProjectRole = keyof typeof roleIds;

const reading: readonly Permission[] = [
  'project:read',
  'repository:list',
  'repository:pull',
  'artifact:list',
  'tag:list',
];
const writing: readonly Permission[] = [...reading, 'repository:push'];
const maintaining: readonly Permission[] = [...writing, 'artifact:delete'];

/** What each role may inside its project. */
export const rolePermissions: Readonly<Record<ProjectRole, readonly Permission[]>> = {
  projectAdmin: [...maintaining, 'artifact:push-sparse', 'project:delete'],
  maintainer: maintaining,
  developer: writing,
  guest: reading,
  limitedGuest: reading,
};

/** What anybody may in a public project. */
export const publicPermissions: readonly Permission[] = reading;
