import type { z } from 'zod';
import type { RoutePermission } from './permissions.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Where the permission is asked: in the project that the path names (`project_name` or `project_name_or_id`, and in its
 * repository where the path names one), in the whole registry, or of an object that only the handler can find, which
 * then asks itself.
 */
export type PermissionPlace = 'project' | 'system' | 'object';

/** One operation of the management API, as data: server, documentation, client and tests are derived from it. */
export interface RouteRecord {
  /** Harbor's where Harbor has the operation. */
  readonly operationId: string;
  readonly method: HttpMethod;
  /** With parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  /** Harbor's group of operations. */
  readonly tag: string;
  /** Required: a public route says so. */
  readonly permission: RoutePermission;
  /** Left out with `public` and `authenticated`, required with everything else. */
  readonly at?: PermissionPlace;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Where the body may be left out. */
  readonly bodyOptional?: boolean;
  /** By status; null where the answer has no body, `z.string()` where it is plain text. */
  readonly responses: Readonly<Record<number, z.ZodType | null>>;
  /** Where the answer is no JSON. */
  readonly produces?: string;
  /** Kept for old clients only. */
  readonly deprecated?: boolean;
}

/** Declares a route record and keeps its exact types. */
export function route<const R extends RouteRecord>(record: R): R {
  return record;
}
