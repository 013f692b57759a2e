import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { RouteRecord } from '@entrepot/contract/route';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import type { Actor, Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import { type FindOrigin, isFault, type Origin, problemTable, requestIdOf, toRegistryError } from '#platform/http';
import { checkCsrf, offerCsrfToken, readSessionCookie } from '#platform/http/browser';
import { assertAnswer, assertRefusal } from './assert-answer.ts';
import { decodeQuery } from './decode-query.ts';
import type { Authorize, ManagedReply, ManagedRoute, Refusal } from './managed-route.ts';

/** A session of a browser: its id, and the key its CSRF token is made with. */
export interface BrowserSession {
  readonly id: string;
  readonly csrfKey: string;
}

export interface ManagementDeps {
  readonly routes: readonly ManagedRoute[];
  readonly serverFactory: FastifyServerFactory;
  /** Who stands behind a request, and the browser session it came with, if it came with one that is good. */
  readonly identify: (
    request: IncomingMessage,
    origin: Origin & { readonly requestId: string },
  ) => Eventually<{ readonly actor: Actor; readonly session?: BrowserSession | undefined }>;
  readonly authorize: Authorize;
  /** Whether nothing may be changed at the moment. */
  readonly isReadOnly: () => boolean;
  readonly findOrigin: FindOrigin;
  readonly onFault: (error: RegistryError, requestId: string) => void;
  readonly onRefused: (refusal: Refusal) => void;
  /** The largest JSON body. */
  readonly bodyLimit: number;
  /** Holds every answer against its record, which costs time: for tests. */
  readonly assertAnswers: boolean;
}

/** Mounts the records of the management API: who asks, may he, is it well-formed, the handler, Harbor's envelope for errors. */
export function createManagement(deps: ManagementDeps): FastifyInstance {
  const app = Fastify({
    serverFactory: deps.serverFactory,
    bodyLimit: deps.bodyLimit,
    routerOptions: { maxParamLength: 1024 },
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  app.setErrorHandler((error, request, reply) =>
    answerError(deps, toProblem(error as FastifyError, request), request, reply),
  );
  app.setNotFoundHandler((request, reply) =>
    answerError(
      deps,
      new RegistryError('route-not-found', `There is no ${request.method} ${request.url.split('?')[0]}.`),
      request,
      reply,
    ),
  );
  // Clients of Harbor say application/json on every request, those without a body too.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parseJson(request, body as string, done),
  );
  for (const route of deps.routes) mount(app, route, deps);
  return app;
}

/** What a read-only registry goes on to take: how else would it be switched back. */
const alwaysTaken: ReadonlySet<string> = new Set(['updateConfigurations']);

function mount(app: FastifyInstance, { record, handle }: ManagedRoute, deps: ManagementDeps): void {
  app.route({
    method: record.method,
    // Fastify strips no slash, and clients of Harbor write some paths with one at the end.
    url: record.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const origin = deps.findOrigin(request.raw);
      const requestId = requestIdOf(request.raw);
      const { actor, session } = await deps.identify(request.raw, { ...origin, requestId });
      if (session !== undefined) {
        // Refusals carry the token as well: Harbor's tools learn it from those.
        reply.headers(offerCsrfToken(request.raw, origin, session.csrfKey));
        checkCsrf(request.raw, origin, session.csrfKey);
      }
      const asker: Asker = { actor, address: origin.address, requestId };
      try {
        const params = decodeParams(request.params as Record<string, string>);
        const isName = request.headers['x-is-resource-name'] === 'true';
        assertSignedIn(record, actor);
        const project = await deps.authorize(actor, record, params, { isName });
        if (deps.isReadOnly() && isChange(record)) {
          throw new RegistryError('read-only', 'The registry is read-only at the moment: nothing can be changed.');
        }
        const query = record.query && decodeQuery(record.query, request.query as Record<string, unknown>);
        const answer = await handle({
          asker,
          params: checked(record.params, decodeNumbers(record.params, params), 'path') as never,
          query: checked(record.query, query, 'query') as never,
          headers: checked(record.headers, request.headers, 'headers') as never,
          body: bodyOf(record, request.body) as never,
          project: project as never,
          url: request.url,
          base: `${origin.base}${origin.prefix}`,
          sessionId: session?.id,
        });
        if (deps.assertAnswers) assertAnswer(record, answer);
        return sendAnswer(record, answer, reply.header('X-Request-Id', requestId), origin);
      } catch (error) {
        const told = toRegistryError(error, requestId);
        if (deps.assertAnswers) assertRefusal(record, problemTable[told.code].status);
        if (told.code === 'denied' || told.code === 'project-not-found') {
          deps.onRefused({ asker, record, path: request.url, error: told });
        }
        throw told;
      }
    },
  });
}

function isChange(record: RouteRecord): boolean {
  return record.method !== 'GET' && record.method !== 'HEAD' && !alwaysTaken.has(record.operationId);
}

function sendAnswer(record: RouteRecord, answer: ManagedReply, reply: FastifyReply, origin: Origin): FastifyReply {
  reply.code(answer.status);
  if (record.produces !== undefined) reply.header('Content-Type', record.produces);
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    reply.header(name, name === 'Location' && value.startsWith('/') ? `${origin.prefix}${value}` : value);
  }
  for (const cookie of answer.cookies ?? []) reply.header('Set-Cookie', cookie);
  const { body } = answer;
  if (body === undefined) return reply.send();
  if (isIterable(body)) return reply.send(Readable.from(body, { objectMode: false }));
  if (typeof body === 'string' && record.produces === undefined)
    reply.header('Content-Type', 'text/plain; charset=utf-8');
  return reply.send(body);
}

function isIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Harbor's clients encode the slashes of a repository's name twice; a name has no percent sign of its own. */
function decodeParams(params: Readonly<Record<string, string>>): Record<string, string> {
  const { repository_name: name } = params;
  if (name === undefined || !name.includes('%')) return { ...params };
  try {
    return { ...params, repository_name: decodeURIComponent(name) };
  } catch {
    throw new RegistryError('name-invalid', 'path.repository_name: is not percent-encoded as it should be.');
  }
}

/** Ids in paths are numbers in the records. */
function decodeNumbers(schema: RouteRecord['params'], params: Record<string, string>): Record<string, unknown> {
  return schema === undefined ? params : decodeQuery(schema, params);
}

/** Nobody gets 401 from what needs a person; an account with a token of the data plane has no business here. */
function assertSignedIn(record: RouteRecord, actor: Actor): void {
  if (record.permission === 'public') return;
  if (actor.kind === 'token') throw new RegistryError('denied', 'A registry token is for /v2 only.');
  if (actor.kind === 'anonymous' && (record.permission === 'authenticated' || record.at !== 'project')) {
    throw new RegistryError('unauthorized', 'unauthorized: sign in first.');
  }
}

function bodyOf(record: RouteRecord, body: unknown): unknown {
  if ((body === undefined || body === null) && record.bodyOptional === true) return undefined;
  return checked(record.body, body, 'body');
}

function checked(schema: RouteRecord['body'], value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value ?? undefined);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = [where, ...(issue?.path ?? [])].join('.');
  throw new RegistryError('body-invalid', `${field}: ${issue?.message ?? 'not as expected'}`);
}

function toProblem(error: FastifyError | RegistryError, request: FastifyRequest): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new RegistryError('body-too-large', 'The request body is too large.');
  if (typeof error.statusCode === 'number' && error.statusCode < 500) {
    return new RegistryError('body-invalid', error.message, { cause: error });
  }
  return toRegistryError(error, requestIdOf(request.raw));
}

/** Whether our own pages ask, whose person signs in there: a challenge would make the browser put its own box before them. */
function isBrowser({ headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-site'] !== undefined) return true;
  return readSessionCookie(headers, true) !== undefined || readSessionCookie(headers, false) !== undefined;
}

function answerError(
  deps: ManagementDeps,
  error: RegistryError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemTable[error.code];
  const requestId = requestIdOf(request.raw);
  if (isFault(error)) deps.onFault(error, requestId);
  reply
    .code(problem.status)
    .header('X-Request-Id', requestId)
    .header('Content-Type', 'application/json; charset=utf-8');
  if (problem.status === 401 && !isBrowser(request.raw))
    reply.header('WWW-Authenticate', 'Basic realm="entrepot", charset="UTF-8"');
  if (error.retryAfter !== undefined) reply.header('Retry-After', String(error.retryAfter));
  return reply.send({ errors: [{ code: problem.harbor, message: error.message }] });
}
