export { explainRoles, tokenAskedFor } from './rules.ts';
export { type Access, createAccess, type Place, projectNotFound } from './service.ts';
export type { Decision, Project, RoleGiven, RoleLookup } from './types.ts';
