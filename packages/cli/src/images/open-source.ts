import { parseTagName } from '@entrepot/oci/tag';
import type { CliContext } from '#src/context';
import { MissingError } from '#src/failures/failures';
import { type ImageForm, openDockerArchive } from '#src/layouts/docker-archive';
import type { LayoutEntry, LayoutReader } from '#src/layouts/layout';
import { createLayoutTransport, layoutRepository } from '#src/layouts/layout-transport';
import { openOciArchive } from '#src/layouts/oci-archive';
import { openOciFolder } from '#src/layouts/oci-folder';
import { type FileLocation, formatLocation, type Location } from '#src/locations/location';
import { openRegistry } from '#src/registries/open-registry';
import type { RegistryAccess } from '#src/registries/registry-access';
import type { OpenedSource } from './opened-image.ts';

export interface OpenSourceOptions {
  /** The media types for the images of a docker archive, which names none. */
  readonly form?: ImageForm;
  /** Called with the size of a layer that must be compressed first. */
  readonly onLayer?: (size: number) => void;
}

/** Opens the files of a location to read. Rejects as `openOciFolder`, `openOciArchive` and `openDockerArchive` do. */
export function openLayout(location: FileLocation, options: OpenSourceOptions = {}): Promise<LayoutReader> {
  const { kind, path, name } = location;
  switch (kind) {
    case 'oci':
      return openOciFolder(path);
    case 'oci-archive':
      return openOciArchive(path);
    case 'docker-archive': {
      const { form = 'docker', onLayer } = options;
      return openDockerArchive(path, { form, name, ...(onLayer === undefined ? {} : { onLayer }) });
    }
    default:
      return kind satisfies never;
  }
}

/** The image that is meant: the named one, else the only one. */
async function chooseEntry(layout: LayoutReader, location: FileLocation): Promise<LayoutEntry> {
  const { name, digest } = location;
  const entries = await layout.list();
  if (digest !== undefined) {
    const listed = entries.find(({ descriptor }) => descriptor.digest === digest);
    const size = await layout.findBlob(digest);
    if (listed !== undefined || size !== undefined) {
      return listed ?? { descriptor: { mediaType: '', digest, size: size ?? 0 }, name: undefined };
    }
    throw new MissingError(`${layout.place} has no ${digest}`);
  }
  const known = [...new Set(entries.map((entry) => entry.name ?? entry.descriptor.digest))].join(', ');
  if (name !== undefined) {
    const named = entries.find((entry) => entry.name === name);
    if (named === undefined) {
      throw new MissingError(`${layout.place} has no image ${name}`, known === '' ? undefined : `it has ${known}`);
    }
    return named;
  }
  // What refers to an image is listed beside it, without a name.
  const named = entries.filter((entry) => entry.name !== undefined);
  const candidates = named.length > 0 ? named : entries;
  const digests = new Set(candidates.map(({ descriptor }) => descriptor.digest));
  const [only] = candidates;
  if (only === undefined) {
    throw new MissingError(`${layout.place} holds no image`);
  }
  if (digests.size > 1) {
    throw new MissingError(
      `${layout.place} holds ${digests.size} images`,
      `name one, as in ${formatLocation({ ...location, name: 'NAME' })}: ${known}`,
    );
  }
  return only;
}

async function openFile(location: FileLocation, options: OpenSourceOptions): Promise<OpenedSource> {
  await using stack = new AsyncDisposableStack();
  const layout = stack.use(await openLayout(location, options));
  const { descriptor, name } = await chooseEntry(layout, location);
  const owned = stack.move();
  return {
    transport: createLayoutTransport(layout),
    repository: layoutRepository,
    reference: descriptor.digest,
    name,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Opens an image to read, wherever it is; in a registry without a tag `latest` is meant. Rejects with MissingError or
 * LocalFileError when files are not what they are named as; a registry is first asked when the image is read.
 */
export async function openSource(
  location: Location,
  access: RegistryAccess,
  context: CliContext,
  options: OpenSourceOptions = {},
): Promise<OpenedSource> {
  if (location.kind !== 'registry') {
    return openFile(location, options);
  }
  const { registry, repository, tag, digest } = location.reference;
  const transport = await openRegistry(registry, repository, access, context);
  return {
    transport,
    repository,
    reference: digest ?? tag ?? parseTagName('latest'),
    name: tag ?? (digest === undefined ? 'latest' : undefined),
    [Symbol.asyncDispose]: async () => transport.close(),
  };
}
