import { type Digest, isDigest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Exchange, Reply } from '#platform/http';
import type { Manifests } from '#registry/manifests';
import type { Access } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import { readReference, readTagName } from './names.ts';
import { apiVersion, bareReply, emptyReply, warningHeaders } from './replies.ts';
import { inRepository, type RepositoryRequest, type RepositoryRoute } from './route.ts';

export interface ManifestRoutesDeps {
  readonly manifests: Manifests;
  readonly audit: Pick<Audit, 'note'>;
  readonly maxBytes: number;
  readonly auditPulls: boolean;
  /** Told of every manifest that was given out. It costs the pull nothing. */
  readonly onPull: (pull: PulledManifest) => void;
  readonly access: Pick<Access, 'accountOfMay'>;
}

export interface PulledManifest {
  readonly manifestId: number;
  readonly project: Project;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** None where it was asked for by digest. */
  readonly tag: string | undefined;
  readonly asker: () => Asker;
}

/** The specification asks for ten tags in one push at least. */
const mostTags = 100;

const template = '/v2/{name}/manifests/{reference}';

export function manifestRoutes({
  manifests,
  audit,
  maxBytes,
  auditPulls,
  onPull,
  access,
}: ManifestRoutesDeps): RepositoryRoute[] {
  type ManifestRequest = RepositoryRequest<{ readonly reference: string }>;

  function read(request: ManifestRequest) {
    const reference = readReference(request.path.reference);
    const found = manifests.find(request.project, request.repository, reference);
    return found instanceof Promise ? found.then((manifest) => answer(request, manifest)) : answer(request, found);
  }

  type Found = Awaited<ReturnType<Manifests['find']>>;

  /** What `Accept` says is not asked: a client that follows a reference wants what is there. */
  function answer(request: ManifestRequest, manifest: Found) {
    const { exchange } = request;
    const etag = `"${manifest.digest}"`;
    if (matches(exchange.headers['if-none-match'], etag)) return bareReply(304, ['ETag', etag]);
    const headers = [
      'Content-Type',
      manifest.mediaType,
      'Content-Length',
      String(manifest.size),
      'Docker-Content-Digest',
      manifest.digest,
      'ETag',
      etag,
      ...apiVersion,
    ];
    if (exchange.method === 'HEAD') return { status: 200, headers };
    const content = manifests.content(manifest);
    return content instanceof Promise
      ? content.then((body) => pulled(request, manifest, { status: 200, headers, body, encoding: 'latin1' }))
      : pulled(request, manifest, { status: 200, headers, body: content, encoding: 'latin1' });
  }

  function pulled(request: ManifestRequest, manifest: Found, reply: Reply): Reply {
    onPull({
      manifestId: manifest.id,
      project: request.project,
      repository: request.repository,
      digest: manifest.digest,
      tag: isDigest(request.path.reference) ? undefined : request.path.reference,
      asker: () => request.asker(),
    });
    if (auditPulls) {
      const { reference } = request.path;
      audit.note({
        action: 'pull-artifact',
        asker: request.asker(),
        projectId: request.project.id,
        resource: isDigest(reference) ? request.repository : `${request.repository}:${reference}`,
        digest: manifest.digest,
        outcome: 'success',
      });
    }
    return reply;
  }

  return [
    inRepository({ kind: 'manifest', method: 'GET', template, permission: 'repository:pull', handle: read }),
    inRepository({ kind: 'manifest', method: 'HEAD', template, permission: 'repository:pull', handle: read }),
    inRepository({
      kind: 'manifest',
      method: 'PUT',
      template,
      permission: 'repository:push',
      async handle(request) {
        const { exchange } = request;
        const reference = readReference(request.path.reference);
        const extraTags = exchange.query.getAll('tag');
        if (extraTags.length > mostTags) {
          throw new RegistryError(
            'too-many-tags',
            `One push sets at most ${mostTags} tags, ${extraTags.length} were given.`,
          );
        }
        if (extraTags.length > 0 && reference.kind === 'tag') {
          throw new RegistryError('query-invalid', 'The tag parameter goes with a push by digest.');
        }
        const pushed = await manifests.push(request.asker(), request.project, request.repository, {
          reference,
          tags: extraTags.map(readTagName),
          content: await exchange.readBody(maxBytes, 'manifest-too-large'),
          contentType: exchange.headers['content-type'],
          onlyIf: readCondition(exchange),
          mayBeSparse: await access.accountOfMay(
            request.actor,
            'artifact:push-sparse',
            request.project,
            request.repository,
          ),
        });
        const headers = [
          'Location',
          `${exchange.origin.prefix}/v2/${request.repository}/manifests/${pushed.digest}`,
          'Docker-Content-Digest',
          pushed.digest,
        ];
        if (pushed.subject !== undefined) headers.push('OCI-Subject', pushed.subject);
        if (pushed.missing.length > 0) {
          const text = `${pushed.missing.length} layer(s) of this image are not in the repository yet, first ${pushed.missing[0]}`;
          headers.push(...warningHeaders([text]));
        }
        headers.push(...warningHeaders(pushed.warnings));
        if (reference.kind === 'digest') for (const tag of pushed.tags) headers.push('OCI-Tag', tag);
        return emptyReply(201, headers);
      },
    }),
    inRepository({
      kind: 'manifest',
      method: 'DELETE',
      template,
      permission: 'artifact:delete',
      async handle(request) {
        await manifests.delete(
          request.asker(),
          request.project,
          request.repository,
          readReference(request.path.reference),
        );
        return emptyReply(202);
      },
    }),
  ];
}

/** Whether an `If-None-Match` names the entity tag; weak comparison (RFC 9110 §13.1.2). */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const candidate = part.trim();
    return candidate === '*' || candidate === etag || candidate === `W/${etag}`;
  });
}

/** `If-Match: "<digest>"` and `If-None-Match: *` make a tag a compare-and-swap register (RFC 9110 §13.1). */
function readCondition(exchange: Exchange): Digest | 'absent' | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = exchange.headers;
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() === '*') return 'absent';
  if (ifMatch === undefined) return undefined;
  const digest = ifMatch.trim().replace(/^"|"$/g, '');
  if (isDigest(digest)) return digest;
  throw new RegistryError('query-invalid', 'If-Match takes one digest in double quotes.');
}
