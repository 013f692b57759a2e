import type { z } from 'zod';
import type { RoutePermission } from './permissions.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One operation of the management API, as data: server, documentation, client and tests are derived from it. */
export interface RouteRecord {
  readonly operationId: string;
  readonly method: HttpMethod;
  /** With parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  /** Required: a public route says so. */
  readonly permission: RoutePermission;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By status; null where the answer has no body. */
  readonly responses: Readonly<Record<number, z.ZodType | null>>;
}

/** Declares a route record and keeps its exact types. */
export function route<const R extends RouteRecord>(record: R): R {
  return record;
}
