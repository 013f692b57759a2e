import type { Reply } from '#platform/http';
import { rangedReply } from '#platform/http';
import type { Blobs } from '#registry/blobs';
import { matches } from './manifest-routes.ts';
import { readDigest } from './names.ts';
import { apiVersion, bareReply, emptyReply } from './replies.ts';
import { inRepository, type RepositoryRequest, type RepositoryRoute } from './route.ts';

const template = '/v2/{name}/blobs/{digest}';

/** A digest's bytes never change; shared caches stay out, because who may read them is ours to say. */
const forever = ['Cache-Control', 'private, max-age=31536000, immutable'] as const;

export function blobRoutes({ blobs }: { readonly blobs: Blobs }): RepositoryRoute[] {
  async function read(request: RepositoryRequest<{ readonly digest: string }>): Promise<Reply> {
    const { exchange } = request;
    const digest = readDigest(request.path.digest);
    const blob = await blobs.get(request.project, request.repository, digest);
    if (exchange.method === 'HEAD') await blobs.rely(request.project, request.repository, blob, digest);
    const etag = `"${digest}"`;
    if (matches(exchange.headers['if-none-match'], etag)) return bareReply(304, ['ETag', etag]);
    if (exchange.method === 'GET') {
      const elsewhere = await blobs.redirect(blob);
      if (elsewhere !== undefined) {
        return emptyReply(307, ['Location', elsewhere, 'Docker-Content-Digest', digest, 'Cache-Control', 'no-store']);
      }
    }
    return rangedReply(
      {
        size: blob.size,
        contentType: 'application/octet-stream',
        etag,
        headers: ['Docker-Content-Digest', digest, ...apiVersion, ...forever],
        open: (range) => blobs.open(blob, digest, range),
      },
      {
        method: exchange.method,
        range: exchange.headers.range,
        ifRange: exchange.headers['if-range'] as string | undefined,
      },
    );
  }

  return [
    inRepository({ kind: 'blob', method: 'GET', template, permission: 'repository:pull', handle: read }),
    inRepository({ kind: 'blob', method: 'HEAD', template, permission: 'repository:pull', handle: read }),
    inRepository({
      kind: 'blob',
      method: 'DELETE',
      template,
      permission: 'artifact:delete',
      async handle(request) {
        await blobs.delete(request.asker(), request.project, request.repository, readDigest(request.path.digest));
        return emptyReply(202);
      },
    }),
  ];
}
