import { parseTagName } from '@entrepot/oci/tag';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { createDockerArchive } from '#src/layouts/docker-archive-target';
import type { LayoutWriter } from '#src/layouts/layout';
import { createLayoutTransport, layoutRepository } from '#src/layouts/layout-transport';
import { createOciArchive } from '#src/layouts/oci-archive-target';
import { createOciFolder } from '#src/layouts/oci-folder';
import { type FileLocation, formatLocation, type Location } from '#src/locations/location';
import { openRegistry } from '#src/registries/open-registry';
import type { RegistryAccess } from '#src/registries/registry-access';
import type { OpenedSource, OpenedTarget } from './opened-image.ts';

function createLayout({ kind, path }: FileLocation): Promise<LayoutWriter> {
  switch (kind) {
    case 'oci':
      return createOciFolder(path);
    case 'oci-archive':
      return createOciArchive(path);
    case 'docker-archive':
      return createDockerArchive(path);
    default:
      return kind satisfies never;
  }
}

/** Docker takes no name without a tag. */
function withTag(name: string): string {
  return /:[^/]*$/.test(name) ? name : `${name}:latest`;
}

/** The name under which the files list the image: the one that was asked for, else the one it comes with. */
function nameFor(target: FileLocation, source: OpenedSource): string | undefined {
  if (target.kind !== 'docker-archive') {
    return target.name ?? source.name;
  }
  if (target.name !== undefined) {
    return withTag(target.name);
  }
  const { registry } = source.transport;
  if (source.repository === layoutRepository || source.name === undefined) {
    // A bare tag of a layout is no name to docker.
    return source.name?.includes(':') ? source.name : undefined;
  }
  // Docker leaves its own host out of names.
  const home =
    registry === 'docker.io' ? source.repository.replace(/^library\//, '') : `${registry}/${source.repository}`;
  return `${home}:${source.name}`;
}

/**
 * Opens a place for an image; in a registry without a tag `latest` is meant. Rejects with UsageError when it cannot be
 * one, with LocalFileError when a folder holds something else, and with the system's errors.
 */
export async function openTarget(
  location: Location,
  source: OpenedSource,
  access: RegistryAccess,
  context: CliContext,
): Promise<OpenedTarget> {
  if (location.kind === 'registry') {
    const { registry, repository, tag, digest } = location.reference;
    if (tag !== undefined && digest !== undefined) {
      throw new UsageError('the target has a tag and a digest', 'leave out the digest: it follows from the content.');
    }
    const transport = await openRegistry(registry, repository, access, context);
    return {
      transport,
      repository,
      reference: tag ?? digest ?? parseTagName('latest'),
      finish: async () => {},
      [Symbol.asyncDispose]: async () => transport.close(),
    };
  }
  if (location.digest !== undefined) {
    throw new UsageError(`${formatLocation(location)} is no place to write to`, 'leave out the digest.');
  }
  const layout = await createLayout(location);
  const transport = createLayoutTransport(layout);
  const name = nameFor(location, source);
  return {
    transport,
    repository: layoutRepository,
    reference: undefined,
    finish: async ({ digest, mediaType }) => {
      const size = (await layout.findBlob(digest)) ?? 0;
      await layout.finish({ descriptor: { mediaType, digest, size }, name }, transport.referrers);
    },
    [Symbol.asyncDispose]: () => layout[Symbol.asyncDispose](),
  };
}
