import { type Digest, isDigest } from '#src/digest';
import { findForPlatform, formatPlatform, type WantedPlatform } from '#src/platform';
import type { TagName } from '#src/tag';
import { type CopyEnd, type CopyOptions, type CopyRun, type CopyTally, createCopyRun } from './copy-run.ts';
import { PlatformNotFoundError } from './errors.ts';
import type { PulledManifest } from './pull.ts';

/** What was copied, and how much of it had to travel. */
export interface CopyResult extends CopyTally {
  readonly digest: Digest;
  readonly mediaType: string;
}

/** The manifest to copy: the named one, or the image in it that the wanted platform runs. */
async function pullRoot(
  run: CopyRun,
  reference: TagName | Digest,
  platform: WantedPlatform | undefined,
): Promise<PulledManifest> {
  const pulled = await run.pull(reference);
  if (platform === undefined || pulled.manifest.kind === 'image') {
    return pulled;
  }
  const child = findForPlatform(pulled.manifest.manifests, platform);
  if (child === undefined) {
    throw new PlatformNotFoundError(`${reference} has no image for ${formatPlatform(platform)}`);
  }
  return run.pull(child.digest);
}

/**
 * Copies an image or an index with all its children from one repository to another, byte for byte. What the target
 * holds is not sent again; within one registry blobs are mounted. Layers that live elsewhere stay there. Without a
 * target reference the copy can be had by its digest. Rejects with PlatformNotFoundError, and as `pullManifest`,
 * `pullBlob`, `pushBlob` and `pushManifest` do; what was copied until then stays.
 */
export async function copyImage(
  source: CopyEnd & { readonly reference: TagName | Digest },
  target: CopyEnd & { readonly reference?: TagName | Digest },
  options: CopyOptions = {},
): Promise<CopyResult> {
  const run = createCopyRun(source, target, options);
  const root = await pullRoot(run, source.reference, options.platform);
  const { digest, mediaType } = root;
  const reference = target.reference ?? digest;
  if (isDigest(reference) && reference !== digest) {
    throw new TypeError(`the target reference ${reference} is not the digest of the source, ${digest}`);
  }
  await run.copyRoot(root, reference);
  if (options.referrers === true) {
    await run.copyReferrers();
  }
  return { digest, mediaType, ...run.tally };
}
