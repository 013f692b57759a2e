import { PlatformNotFoundError } from '@entrepot/oci/client/errors';
import { type PulledManifest, pullManifest } from '@entrepot/oci/client/pull';
import { readBlob } from '@entrepot/oci/client/pull-blob';
import type { Descriptor } from '@entrepot/oci/descriptor';
import {
  findForPlatform,
  formatPlatform,
  matchesPlatform,
  parsePlatform,
  type WantedPlatform,
} from '@entrepot/oci/platform';
import { UsageError } from '#src/failures/failures';
import type { OpenedSource } from './opened-image.ts';
import { isAttestation, readImageConfig } from './image-config.ts';

/** Which of the images in an index are meant; everything when neither is set. */
export interface PlatformChoice {
  /** The only one: then the index itself is left out. */
  readonly platform?: WantedPlatform;
  /** Some of them: then the index stays as it is, with only these behind it. */
  readonly keepsChild?: (child: Descriptor) => boolean;
}

const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', loong64: 'loong64' };
const largestConfig = 8 * 1024 * 1024;

/** The platform of images that run on this machine. Never fails. */
export function hostPlatform(): WantedPlatform {
  return { os: 'linux', architecture: goNames[process.arch] ?? process.arch };
}

/** Reads platforms as options give them. Throws UsageError. */
export function parsePlatforms(texts: readonly string[]): readonly WantedPlatform[] {
  return texts.map((text) => {
    const platform = parsePlatform(text);
    if (platform === undefined) {
      throw new UsageError(`${JSON.stringify(text)} is no platform`, 'write os/architecture, such as linux/arm64');
    }
    return platform;
  });
}

function listPlatforms(children: readonly Descriptor[]): string {
  const named = children.filter((child) => child.platform !== undefined && !isAttestation(child));
  return [...new Set(named.map((child) => formatPlatform(child.platform ?? {})))].join(', ') || 'none';
}

function assertChild(children: readonly Descriptor[], wanted: WantedPlatform): void {
  if (findForPlatform(children, wanted) === undefined) {
    throw new PlatformNotFoundError(
      `there is no image for ${formatPlatform(wanted)}, only for ${listPlatforms(children)}`,
    );
  }
}

/** An image alone is only what is wanted if it is made for it; what is no runnable image is for every platform. */
async function assertImage(
  source: OpenedSource,
  { manifest }: PulledManifest,
  wanted: readonly WantedPlatform[],
): Promise<void> {
  const { config } = manifest;
  if (config === undefined || config.size > largestConfig) {
    return;
  }
  const bytes = await readBlob(source.transport, source.repository, config, largestConfig);
  const own = readImageConfig(bytes);
  if (own?.architecture === undefined || own.os === undefined || wanted.some((one) => matchesPlatform(one, own))) {
    return;
  }
  const asked = wanted.map(formatPlatform).join(', ');
  throw new PlatformNotFoundError(`there is no image for ${asked}, only for ${formatPlatform(own)}`);
}

/** Keeps the images for the platforms, and the attestations about these. */
function keepChildren(children: readonly Descriptor[], wanted: readonly WantedPlatform[]) {
  const kept = new Set(
    children.filter((child) => wanted.some((one) => matchesPlatform(one, child.platform))).map(({ digest }) => digest),
  );
  const about = (child: Descriptor) => child.annotations?.['vnd.docker.reference.digest'] ?? '';
  return (child: Descriptor) => kept.has(child.digest) || kept.has(about(child) as Descriptor['digest']);
}

/**
 * Finds out which images are meant, and that they are there. `needsOne`: the target holds a single image, so that
 * without a wish it is the one for this machine, or the only one there is. Rejects with PlatformNotFoundError, and as
 * `pullManifest` does.
 */
export async function choosePlatform(
  source: OpenedSource,
  wanted: readonly WantedPlatform[],
  needsOne: boolean,
  signal: AbortSignal,
): Promise<PlatformChoice> {
  if (wanted.length === 0 && !needsOne) {
    return {};
  }
  const root = await pullManifest(source.transport, source.repository, source.reference, { signal });
  if (root.manifest.kind === 'image') {
    if (wanted.length > 0) {
      await assertImage(source, root, wanted);
    }
    return {};
  }
  const children = root.manifest.manifests;
  for (const one of wanted) {
    assertChild(children, one);
  }
  const [first, ...more] = wanted;
  if (first !== undefined && more.length > 0) {
    return { keepsChild: keepChildren(children, wanted) };
  }
  if (first !== undefined) {
    return { platform: first };
  }
  const images = children.filter((child) => !isAttestation(child));
  const only = images.length === 1 ? images[0]?.platform : undefined;
  const { os, architecture, variant } = only ?? {};
  const platform =
    os === undefined || architecture === undefined
      ? hostPlatform()
      : { os, architecture, ...(variant ? { variant } : {}) };
  assertChild(children, platform);
  return { platform };
}
