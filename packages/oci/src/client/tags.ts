import { isRepositoryName, type RepositoryName } from '#src/repository-name';
import { isTagName, type TagName } from '#src/tag';
import { RegistryProtocolError } from './errors.ts';
import { readPages } from './link-pages.ts';
import { repositoryScope } from './repository-scope.ts';
import type { Transport } from './transport.ts';

export interface ListOptions {
  /** Names per page; the registry decides when absent. */
  readonly pageSize?: number;
  /** Lists only what comes after this name. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

function pageQuery(options: ListOptions): string {
  const query = new URLSearchParams();
  if (options.pageSize !== undefined) {
    query.set('n', String(options.pageSize));
  }
  if (options.after !== undefined) {
    query.set('last', options.after);
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** The texts under `field`; some registries say null for an empty list. */
function readNames(bytes: Uint8Array, field: string, registry: string): string[] {
  let list: unknown;
  try {
    list = (JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown> | null)?.[field];
  } catch (cause) {
    throw new RegistryProtocolError(`${registry} did not answer in JSON`, { cause });
  }
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
}

/**
 * Lists the tags of a repository in the registry's order, page by page. Names that are no tags are left out. Throws as
 * `Transport.send` rejects (404: no such repository), and RegistryProtocolError when the answer is unusable.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export async function* listTags(
  transport: Transport,
  repository: RepositoryName,
  options: ListOptions = {},
): AsyncGenerator<TagName> {
  const target = `/v2/${repository}/tags/list${pageQuery(options)}`;
  for await (const page of readPages(transport, target, [repositoryScope(repository, 'pull')], options)) {
    yield* readNames(page.bytes, 'tags', transport.registry).filter(isTagName);
  }
}

/**
 * Lists the repositories of a registry, as far as it shows them. Names that are none are left out. Throws as `listTags`
 * does; many registries answer 401 or 404.
 * @see https://distribution.github.io/distribution/spec/api/#catalog
 */
export async function* listRepositories(
  transport: Transport,
  options: ListOptions = {},
): AsyncGenerator<RepositoryName> {
  const scope = { type: 'registry', name: 'catalog', actions: ['*'] };
  for await (const page of readPages(transport, `/v2/_catalog${pageQuery(options)}`, [scope], options)) {
    yield* readNames(page.bytes, 'repositories', transport.registry).filter(isRepositoryName);
  }
}
