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
import type { ManagedRoute } from './managed-route.ts';
import { isFault, toRegistryError } from './oci-error.ts';
import { requestIdOf } from './request-id.ts';
import type { FindOrigin } from './origin.ts';
import { problemTable } from './problem-table.ts';

export interface ManagementDeps {
  readonly routes: readonly ManagedRoute[];
  readonly serverFactory: FastifyServerFactory;
  readonly identify: (
    authorization: string | undefined,
    origin: { address: string; requestId: string },
  ) => Actor | Promise<Actor>;
  readonly findOrigin: FindOrigin;
  readonly onFault: (error: RegistryError, requestId: string) => void;
  /** The largest JSON body. */
  readonly bodyLimit: number;
}

/** Mounts the records of the management API: who asks, is it well-formed, the handler, Harbor's envelope for errors. */
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

function mount(app: FastifyInstance, { record, handle }: ManagedRoute, deps: ManagementDeps): void {
  app.route({
    method: record.method,
    url: record.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const origin = deps.findOrigin(request.raw);
      const requestId = requestIdOf(request.raw);
      const actor = await deps.identify(request.headers.authorization, { address: origin.address, requestId });
      assertSignedIn(record, actor);
      const asker: Asker = { actor, address: origin.address, requestId };
      const answer = await handle({
        asker,
        params: checked(record.params, request.params, 'path') as never,
        query: checked(record.query, request.query, 'query') as never,
        headers: checked(record.headers, request.headers, 'headers') as never,
        body: checked(record.body, request.body, 'body') as never,
      });
      reply.code(answer.status).header('X-Request-Id', requestId);
      for (const [name, value] of Object.entries(answer.headers ?? {})) {
        reply.header(name, name === 'Location' ? `${origin.prefix}${value}` : value);
      }
      return answer.body === undefined ? reply.send() : reply.send(answer.body);
    },
  });
}

/** Nobody gets 401 from everything that is not public; an account with a token of the data plane has no business here. */
function assertSignedIn(record: RouteRecord, actor: Actor): void {
  if (record.permission === 'public') return;
  if (actor.kind === 'anonymous') throw new RegistryError('unauthorized', 'unauthorized: sign in first.');
  if (actor.kind === 'token') throw new RegistryError('denied', 'A registry token is for /v2 only.');
}

function checked(schema: RouteRecord['body'], value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value ?? undefined);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = [where, ...(issue?.path ?? [])].join('.');
  throw new RegistryError('body-invalid', `${field}: ${issue?.message ?? 'not as expected'}`);
}

function toProblem(error: FastifyError, request: FastifyRequest): RegistryError {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new RegistryError('body-too-large', 'The request body is too large.');
  if (typeof error.statusCode === 'number' && error.statusCode < 500) {
    return new RegistryError('body-invalid', error.message, { cause: error });
  }
  return toRegistryError(error, requestIdOf(request.raw));
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
  reply.code(problem.status).header('X-Request-Id', requestId);
  if (problem.status === 401) reply.header('WWW-Authenticate', 'Basic realm="entrepot", charset="UTF-8"');
  if (error.retryAfter !== undefined) reply.header('Retry-After', String(error.retryAfter));
  return reply.send({ errors: [{ code: problem.harbor, message: error.message }] });
}
