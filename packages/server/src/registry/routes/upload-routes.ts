import { type Digest, type DigestAlgorithm, digestAlgorithm } from '@entrepot/oci/digest';
import { formatUploadRange, parseContentRange } from '@entrepot/oci/range';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import { type Actor, accountOf } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { isId } from '#kernel/ids';
import type { Exchange, Reply } from '#platform/http';
import type { Blobs } from '#registry/blobs';
import type { Chunk, UploadKey, Uploads } from '#registry/uploads';
import { type Access, tokenAskedFor } from '#tenancy/access';
import { type Project, projectNameOf } from '#tenancy/projects';
import { readDigest, readRepositoryName } from './names.ts';
import { bareReply, emptyReply, warningHeaders } from './replies.ts';
import { inRepository, type RepositoryRequest, type RepositoryRoute } from './route.ts';

export interface UploadRoutesDeps {
  readonly uploads: Uploads;
  readonly blobs: Blobs;
  readonly access: Access;
  /** False while the server drains: uploads that run may finish, new ones go to another node. */
  readonly acceptsUploads: () => boolean;
}

const one = '/v2/{name}/blobs/uploads/{id}';

export function uploadRoutes({ uploads, blobs, access, acceptsUploads }: UploadRoutesDeps): RepositoryRoute[] {
  async function mount(request: RepositoryRequest<unknown>, digest: Digest): Promise<Reply | undefined> {
    const { exchange, actor, project, repository } = request;
    const named = exchange.query.get('from');
    const source = named === null ? undefined : readRepositoryName(named);
    if (source !== undefined && !tokenAskedFor(actor, source)) {
      throw new RegistryError(
        'insufficient-scope',
        `The token says nothing about ${source}: fetch one for both repositories.`,
        {
          detail: { also: source },
        },
      );
    }
    const from = source === undefined ? undefined : await findSource(source);
    if (source !== undefined && from === undefined) return undefined;
    const mounted = await blobs.mount(actor, { digest, project, repository, from, asker: request.asker() });
    return mounted && created(exchange, repository, digest, mounted.warnings);
  }

  async function findSource(
    repository: RepositoryName,
  ): Promise<{ project: Project; repository: RepositoryName } | undefined> {
    const project = await access.findProject(projectNameOf(repository));
    return project && { project, repository };
  }

  return [
    inRepository({
      kind: 'uploads',
      method: 'POST',
      template: '/v2/{name}/blobs/uploads/',
      permission: 'repository:push',
      async handle(request) {
        const { exchange, repository } = request;
        if (!acceptsUploads()) {
          throw new RegistryError('unavailable', 'This node is shutting down and takes no new uploads.', {
            retryAfter: 5,
          });
        }
        const mountDigest = exchange.query.get('mount');
        if (mountDigest !== null) {
          const mounted = await mount(request, readDigest(mountDigest));
          if (mounted !== undefined) return mounted;
        }
        const digestText = mountDigest === null ? exchange.query.get('digest') : null;
        const digest = digestText === null ? undefined : readDigest(digestText);
        const algorithm = digest === undefined ? readAlgorithm(exchange) : digestAlgorithm(digest);
        const where = {
          repository,
          projectId: request.project.id,
          owner: ownerOf(request.actor),
          asker: request.asker(),
        };
        const key = await uploads.begin(where, algorithm);
        if (digest === undefined) return accepted(exchange, key, 0);
        try {
          const { warnings } = await uploads.finish(key, digest, readChunk(exchange));
          return created(exchange, repository, digest, warnings);
        } catch (error) {
          // There was no answer that named this upload, so nobody can continue it.
          await uploads.cancel(key).catch(() => undefined);
          throw error;
        }
      },
    }),
    inRepository({
      kind: 'upload',
      method: 'GET',
      template: one,
      permission: 'repository:push',
      async handle(request) {
        const key = keyOf(request);
        const { size } = await uploads.status(key);
        return bareReply(204, progress(request.exchange, key, size));
      },
    }),
    inRepository({
      kind: 'upload',
      method: 'PATCH',
      template: one,
      permission: 'repository:push',
      async handle(request) {
        const key = keyOf(request);
        const { size } = await uploads.append(key, readChunk(request.exchange));
        return accepted(request.exchange, key, size);
      },
    }),
    inRepository({
      kind: 'upload',
      method: 'PUT',
      template: one,
      permission: 'repository:push',
      async handle(request) {
        const { exchange, repository } = request;
        const key = keyOf(request);
        const text = exchange.query.get('digest');
        if (text === null) throw new RegistryError('digest-invalid', 'The digest parameter is missing.');
        const digest = readDigest(text);
        const { warnings } = await uploads.finish(key, digest, exchange.hasBody ? readChunk(exchange) : undefined);
        return created(exchange, repository, digest, warnings);
      },
    }),
    inRepository({
      kind: 'upload',
      method: 'DELETE',
      template: one,
      permission: 'repository:push',
      async handle(request) {
        await uploads.cancel(keyOf(request));
        return bareReply(204);
      },
    }),
  ];
}

/** Who may continue an upload: whoever began it, by account, however the token changed meanwhile. */
function ownerOf(actor: Actor): string {
  const account = accountOf(actor);
  if (account.kind === 'anonymous') return 'anonymous';
  return account.kind === 'user' ? `user:${account.userId}` : `robot:${account.robotId}`;
}

function keyOf(request: RepositoryRequest<{ readonly id: string }>): UploadKey {
  const { id } = request.path;
  if (!isId(id)) throw new RegistryError('upload-not-found', 'There is no such upload here.');
  return {
    id,
    repository: request.repository,
    projectId: request.project.id,
    owner: ownerOf(request.actor),
    asker: request.asker(),
  };
}

function readChunk(exchange: Exchange): Chunk {
  const header = exchange.headers['content-range'];
  const { contentLength } = exchange;
  const length = contentLength === undefined ? {} : { contentLength };
  if (header === undefined) return { source: exchange.body(), ...length };
  const range = parseContentRange(header);
  if (range === undefined) {
    throw new RegistryError('upload-range-invalid', 'Content-Range is <first>-<last> in bytes, without a unit.');
  }
  return { source: exchange.body(), range, ...length };
}

function readAlgorithm(exchange: Exchange): DigestAlgorithm {
  const asked = exchange.query.get('digest-algorithm');
  if (asked === null || asked === 'sha256' || asked === 'sha512') return asked ?? 'sha256';
  throw new RegistryError(
    'digest-unsupported',
    `The digest algorithm is sha256 or sha512, not ${JSON.stringify(asked.slice(0, 40))}.`,
  );
}

/** All state of an upload is found by the path: a client that drops the query loses nothing. */
function progress(exchange: Exchange, key: UploadKey, size: number): string[] {
  return [
    'Location',
    `${exchange.origin.prefix}/v2/${key.repository}/blobs/uploads/${key.id}`,
    'Range',
    formatUploadRange(size),
    'Docker-Upload-UUID',
    key.id,
  ];
}

function accepted(exchange: Exchange, key: UploadKey, size: number): Reply {
  return emptyReply(202, progress(exchange, key, size));
}

function created(exchange: Exchange, repository: RepositoryName, digest: Digest, warnings: readonly string[]): Reply {
  return emptyReply(201, [
    'Location',
    `${exchange.origin.prefix}/v2/${repository}/blobs/${digest}`,
    'Docker-Content-Digest',
    digest,
    ...warningHeaders(warnings),
  ]);
}
