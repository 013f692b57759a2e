import { listRepositories, listTags } from '@entrepot/oci/client/tags';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { chooseHost, looksLikeHost } from '#src/locations/host';
import { parseLocation } from '#src/locations/location';
import { openRegistry } from '#src/registries/open-registry';
import { type AccessOptions, readAccess } from '#src/registries/registry-access';
import { openLayout } from './open-source.ts';

/** What can be listed: a registry's repositories, a repository's tags, the names in files. */
export interface NameList {
  readonly kind: 'repositories' | 'tags' | 'names';
  /** What the names belong to, for telling. */
  readonly of: string;
  readonly names: AsyncIterable<string>;
}

async function* readLayoutNames(location: Parameters<typeof openLayout>[0]): AsyncGenerator<string> {
  await using layout = await openLayout(location);
  const names = (await layout.list()).map(({ name, descriptor }) => name ?? descriptor.digest);
  yield* new Set(names);
}

/**
 * Finds what a text names and lists what is in it; without one, the repositories of ENTREPOT_HOST. Rejects with
 * UsageError or OciNameError; reading the names fails as `listTags` and `listRepositories` do.
 */
export async function listNames(
  text: string | undefined,
  options: AccessOptions,
  context: CliContext,
): Promise<NameList> {
  const { signal } = context;
  if (text === undefined || looksLikeHost(text)) {
    const host = chooseHost(text, context.env);
    const access = await readAccess(options, [host], context);
    return {
      kind: 'repositories',
      of: host,
      names: (async function* read() {
        using transport = await openRegistry(host, undefined, access, context);
        yield* listRepositories(transport, { signal });
      })(),
    };
  }
  const location = parseLocation(text);
  if (location.kind !== 'registry') {
    return { kind: 'names', of: text, names: readLayoutNames(location) };
  }
  const { registry, repository, tag, digest } = location.reference;
  if (tag !== undefined || digest !== undefined) {
    throw new UsageError(
      `${text} names one image, not a repository`,
      `list its tags with ${registry}/${repository}, or show the image: entrepot inspect ${text}`,
    );
  }
  const access = await readAccess(options, [registry], context);
  return {
    kind: 'tags',
    of: `${registry}/${repository}`,
    names: (async function* read() {
      using transport = await openRegistry(registry, repository, access, context);
      yield* listTags(transport, repository, { signal });
    })(),
  };
}
