import { LocalFileError } from '#src/failures/failures';

/** One image of a docker archive: the paths of its parts. */
export interface DockerArchiveImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function readImage(value: unknown): DockerArchiveImage | undefined {
  const { Config: config, RepoTags: names, Layers: layers } = (value ?? {}) as Record<string, unknown>;
  const isSound = typeof config === 'string' && isTexts(layers) && (names == null || isTexts(names));
  return isSound ? { config, layers, names: (names as readonly string[] | null | undefined) ?? [] } : undefined;
}

/** Reads the manifest.json of a docker archive. Throws LocalFileError. */
export function readDockerManifestFile(text: string, place: string): readonly DockerArchiveImage[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new LocalFileError(`the manifest.json of ${place} is not JSON`, undefined, { cause });
  }
  const images = Array.isArray(document) ? document.map(readImage) : [undefined];
  return images.map((image) => {
    if (image === undefined) {
      throw new LocalFileError(`the manifest.json of ${place} is damaged: it is no list of images`);
    }
    return image;
  });
}

/** The text of a manifest.json. Never fails. */
export function formatDockerManifestFile(images: readonly DockerArchiveImage[]): string {
  return JSON.stringify(
    images.map(({ config, names, layers }) => ({
      Config: config,
      RepoTags: names.length === 0 ? null : names,
      Layers: layers,
    })),
  );
}

/** The diff ids of an image config, which name its layers uncompressed; undefined when it is no image config. Never fails. */
export function readDiffIds(config: Uint8Array): readonly string[] | undefined {
  try {
    const { rootfs } = JSON.parse(Buffer.from(config).toString('utf8')) as { rootfs?: { diff_ids?: unknown } };
    // Go writes an empty list as null.
    const ids = rootfs?.diff_ids ?? (rootfs === undefined ? undefined : []);
    return isTexts(ids) ? ids : undefined;
  } catch {
    return undefined;
  }
}
