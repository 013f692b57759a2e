import { type PulledManifest, pullManifest } from '@entrepot/oci/client/pull';
import { readBlob } from '@entrepot/oci/client/pull-blob';
import type { Descriptor } from '@entrepot/oci/descriptor';
import type { ParsedManifest } from '@entrepot/oci/manifest';
import { dockerImageConfig, ociImageConfig } from '@entrepot/oci/media-types';
import { findForPlatform, formatPlatform, type WantedPlatform } from '@entrepot/oci/platform';
import { PlatformNotFoundError } from '@entrepot/oci/client/errors';
import { MissingError } from '#src/failures/failures';
import { isAttestation, readImageConfig } from './image-config.ts';
import type { OpenedSource } from './opened-image.ts';

/** A child of an index, as it is shown. */
interface ShownChild {
  readonly platform: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType?: string;
}

interface ShownLayer {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly title?: string;
}

/** An image or index as it is shown, the same for people and for scripts. */
export interface ShownImage {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly kind: 'image' | 'index';
  /** Of the manifest. */
  readonly size: number;
  readonly artifactType?: string;
  readonly subject?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platforms?: readonly ShownChild[];
  readonly platform?: string;
  readonly created?: string;
  /** Config and layers. */
  readonly contentSize?: number;
  readonly layers?: readonly ShownLayer[];
  readonly config?: Readonly<Record<string, unknown>>;
}

const imageConfigs = new Set([ociImageConfig, dockerImageConfig]);
const largestConfig = 8 * 1024 * 1024;

/**
 * Reads the manifest that is meant: the named one, or the image in it for a platform. Rejects with
 * PlatformNotFoundError, and as `pullManifest` does.
 */
export async function readManifest(
  source: OpenedSource,
  platform: WantedPlatform | undefined,
  signal: AbortSignal,
): Promise<PulledManifest> {
  const { transport, repository, reference } = source;
  const root = await pullManifest(transport, repository, reference, { signal });
  if (platform === undefined || root.manifest.kind === 'image') {
    return root;
  }
  const child = findForPlatform(root.manifest.manifests, platform);
  if (child === undefined) {
    throw new PlatformNotFoundError(`${reference} has no image for ${formatPlatform(platform)}`);
  }
  return pullManifest(transport, repository, child.digest, { signal });
}

/** Reads the config of an image. Rejects with MissingError when it has none, and as `readBlob` does. */
export async function readConfig(source: OpenedSource, manifest: ParsedManifest, signal: AbortSignal) {
  const { config } = manifest;
  if (config === undefined) {
    throw new MissingError('an index has no config', 'choose an image in it with --platform os/arch.');
  }
  return readBlob(source.transport, source.repository, config, largestConfig, { signal });
}

function showChild(child: Descriptor): ShownChild {
  const { platform, digest, mediaType, size, artifactType } = child;
  const told = isAttestation(child) ? 'attestation' : platform === undefined ? '' : formatPlatform(platform);
  return { platform: told, digest, mediaType, size, ...(artifactType === undefined ? {} : { artifactType }) };
}

function showLayer({ digest, mediaType, size, annotations }: Descriptor): ShownLayer {
  const title = annotations?.['org.opencontainers.image.title'];
  return { digest, mediaType, size, ...(title === undefined ? {} : { title }) };
}

async function showContent(source: OpenedSource, manifest: ParsedManifest, signal: AbortSignal) {
  const layers = manifest.layers.map(showLayer);
  const contentSize = [...layers, ...(manifest.config === undefined ? [] : [manifest.config])].reduce(
    (sum, { size }) => sum + size,
    0,
  );
  const bytes = await readConfig(source, manifest, signal);
  const { architecture, os, variant, created, config } = readImageConfig(bytes) ?? {};
  const platform = {
    ...(os ? { os } : {}),
    ...(architecture ? { architecture } : {}),
    ...(variant ? { variant } : {}),
  };
  return {
    ...(os === undefined && architecture === undefined ? {} : { platform: formatPlatform(platform) }),
    ...(typeof created === 'string' ? { created } : {}),
    contentSize,
    layers,
    ...(typeof config === 'object' && config !== null ? { config } : {}),
  };
}

/** Describes an image or an index. Rejects as `readManifest` and `readConfig` do. */
export async function describeImage(
  source: OpenedSource,
  name: string,
  pulled: PulledManifest,
  signal: AbortSignal,
): Promise<ShownImage> {
  const { digest, mediaType, bytes, manifest } = pulled;
  const { kind, subject, annotations } = manifest;
  // Every image has one by the rule of the referrers list; only another one says something.
  const artifactType = imageConfigs.has(manifest.artifactType ?? '') ? undefined : manifest.artifactType;
  return {
    name,
    digest,
    mediaType,
    kind,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject: subject.digest }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(kind === 'index'
      ? { platforms: manifest.manifests.map(showChild) }
      : await showContent(source, manifest, signal)),
  };
}
