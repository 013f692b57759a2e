import type { RouteRecord } from '@entrepot/contract/route';
import type { z } from 'zod';
import type { Asker } from '#kernel/actor';

type Parsed<S> = S extends z.ZodType ? z.infer<S> : undefined;

/** What a handler of the management API gets: everything checked against the record. */
export interface ManagedRequest<R extends RouteRecord = RouteRecord> {
  readonly asker: Asker;
  readonly params: Parsed<R['params']>;
  readonly query: Parsed<R['query']>;
  readonly headers: Parsed<R['headers']>;
  readonly body: Parsed<R['body']>;
}

export interface ManagedReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A record with the handler that serves it. */
export interface ManagedRoute {
  readonly record: RouteRecord;
  readonly handle: (request: ManagedRequest) => Promise<ManagedReply>;
}

/** Joins a route record and its handler; the record types what the handler gets. */
export function serve<R extends RouteRecord>(
  record: R,
  handle: (request: ManagedRequest<R>) => Promise<ManagedReply>,
): ManagedRoute {
  return { record, handle: handle as ManagedRoute['handle'] };
}
