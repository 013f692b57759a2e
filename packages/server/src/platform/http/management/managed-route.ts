import type { RouteRecord } from '@entrepot/contract/route';
import type { z } from 'zod';
import type { Actor, Asker } from '#kernel/actor';
import type { RegistryError } from '#kernel/errors';

type Parsed<S> = S extends z.ZodType ? z.infer<S> : undefined;

/** The project that the path names; only of records that ask their permission there. */
export interface RequestedProject {
  readonly id: number;
  readonly name: string;
  readonly public: boolean;
}

/** What a handler of the management API gets: everything checked against the record, and the permission was asked. */
export interface ManagedRequest<R extends RouteRecord = RouteRecord> {
  readonly asker: Asker;
  readonly params: Parsed<R['params']>;
  readonly query: Parsed<R['query']>;
  readonly headers: Parsed<R['headers']>;
  readonly body: Parsed<R['body']>;
  readonly project: R['at'] extends 'project' ? RequestedProject : undefined;
  /** Path and query as the client asked them, for links. */
  readonly url: string;
  /** `https://hub.example.com`, as the client addressed us, with the prefix of a proxy. */
  readonly base: string;
  /** The id of the browser session that the request came with. */
  readonly sessionId: string | undefined;
}

export interface ManagedReply {
  readonly status: number;
  /** JSON; text where the record says so; a stream is sent as it comes. */
  readonly body?: unknown;
  /** `Location` is given without the prefix of a proxy. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Several headers of one name, such as `Set-Cookie`. */
  readonly cookies?: readonly string[];
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
  return { record, handle: handle as unknown as ManagedRoute['handle'] };
}

/**
 * Asks whether the actor may do what the record is about, in the place that it names: `params` are those of the path.
 * Fails as much as the actor may know. Answers with the project when the path names one.
 */
export type Authorize = (
  actor: Actor,
  record: RouteRecord,
  params: Readonly<Record<string, string>>,
  options: { readonly isName: boolean },
) => Promise<RequestedProject | undefined>;

/** A request that was refused, for the audit. */
export interface Refusal {
  readonly asker: Asker;
  readonly record: RouteRecord;
  readonly path: string;
  readonly error: RegistryError;
}
