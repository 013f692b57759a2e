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
