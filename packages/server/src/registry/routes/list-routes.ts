import { buildReferrersIndex } from '@entrepot/oci/referrers';
import { isDigest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import type { Referrers } from '#registry/referrers';
import type { RepositoryStore } from '#registry/repositories';
import type { TagStore } from '#registry/tags';
import type { Access } from '#tenancy/access';
import { readDigest } from './names.ts';
import { nextLink, readPage } from './paging.ts';
import { jsonReply } from './replies.ts';
import { inRepository, type RegistryRoute, type RepositoryRoute } from './route.ts';

export interface ListRoutesDeps {
  readonly repositories: RepositoryStore;
  readonly tags: TagStore;
  readonly referrers: Referrers;
  readonly access: Pick<Access, 'viewerOf'>;
}

/** Entries in one page at most, whatever the client asks for. */
const mostTags = 10_000;
const mostRepositories = 1000;
const mostReferrers = 500;

const indexType = 'application/vnd.oci.image.index.v1+json';

export function listRoutes({ repositories, tags, referrers }: ListRoutesDeps): RepositoryRoute[] {
  return [
    inRepository({
      kind: 'tags',
      method: 'GET',
      template: '/v2/{name}/tags/list',
      permission: 'tag:list',
      async handle({ exchange, project, repository }) {
        const page = readPage(exchange.query, mostTags);
        const where = await repositories.find(project.id, repository);
        if (where === undefined)
          throw new RegistryError('repository-not-found', `There is no repository ${repository}.`);
        const found = page.limit === 0 ? [] : await tags.list(where.id, page.last, page.limit + 1);
        const names = found.slice(0, page.limit);
        const more = found.length > page.limit && page.limit > 0;
        const link = more
          ? nextLink(`${exchange.origin.prefix}${exchange.path}`, exchange.query, page.limit, names.at(-1) ?? '')
          : [];
        return jsonReply(200, { name: repository, tags: names }, link);
      },
    }),
    inRepository({
      kind: 'referrers',
      method: 'GET',
      template: '/v2/{name}/referrers/{digest}',
      permission: 'repository:pull',
      async handle({ exchange, path, project, repository }) {
        const subject = readDigest(path.digest);
        const page = readPage(exchange.query, mostReferrers);
        if (page.last !== '' && !isDigest(page.last))
          throw new RegistryError('query-invalid', 'The parameter last is a digest here.');
        const artifactType = exchange.query.get('artifactType') ?? undefined;
        const filtered = artifactType === undefined ? [] : ['OCI-Filters-Applied', 'artifactType'];
        const where = await repositories.find(project.id, repository);
        // A subject that was never pushed, in a repository that was never pushed to, has no referrers: that is no error.
        if (where === undefined) return jsonReply(200, buildReferrersIndex([]), filtered, indexType);
        const limit = Math.max(1, page.limit);
        const found = await referrers.list({ repositoryId: where.id, subject, artifactType, after: page.last, limit });
        const link =
          found.next === undefined
            ? []
            : nextLink(`${exchange.origin.prefix}${exchange.path}`, exchange.query, limit, found.next);
        return jsonReply(200, buildReferrersIndex(found.descriptors), [...filtered, ...link], indexType);
      },
    }),
  ];
}

export function registryRoutes({ repositories, access }: ListRoutesDeps): RegistryRoute[] {
  return [
    {
      kind: 'base',
      method: 'GET',
      template: '/v2/',
      permission: 'authenticated',
      handle: () => jsonReply(200, {}),
    },
    {
      kind: 'base',
      method: 'HEAD',
      template: '/v2/',
      permission: 'authenticated',
      handle: () => jsonReply(200, {}),
    },
    {
      kind: 'catalog',
      method: 'GET',
      template: '/v2/_catalog',
      permission: 'catalog:read',
      async handle({ exchange, actor }) {
        const page = readPage(exchange.query, mostRepositories);
        const viewer = await access.viewerOf(actor);
        const found = page.limit === 0 ? [] : await repositories.list(viewer, page.last, page.limit + 1);
        const names = found.slice(0, page.limit);
        const more = found.length > page.limit && page.limit > 0;
        const link = more
          ? nextLink(`${exchange.origin.prefix}${exchange.path}`, exchange.query, page.limit, names.at(-1) ?? '')
          : [];
        return jsonReply(200, { repositories: names }, link);
      },
    },
    {
      kind: 'extensions',
      method: 'GET',
      template: '/v2/_oci/ext/discover',
      permission: 'authenticated',
      handle: () => jsonReply(200, { extensions: [] }),
    },
  ];
}
