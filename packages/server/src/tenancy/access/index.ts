export { tokenAskedFor } from './rules.ts';
export { type Access, createAccess } from './service.ts';
export type { Project } from './types.ts';
