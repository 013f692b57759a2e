import { findManifest } from '@entrepot/oci/client/pull';
import { deleteManifest } from '@entrepot/oci/client/push';
import type { Digest } from '@entrepot/oci/digest';
import { formatImageReference, type ImageReference } from '@entrepot/oci/reference';
import type { CliContext } from '#src/context';
import { MissingError, UsageError } from '#src/failures/failures';
import { parseRegistryLocation } from '#src/locations/location';
import { openRegistry } from '#src/registries/open-registry';
import type { RegistryAccess } from '#src/registries/registry-access';

/** Something to remove: a tag, or an image with all its tags. */
export interface Removal {
  readonly reference: ImageReference;
  readonly what: 'tag' | 'image';
}

/** Something that was there, and is gone unless it was only asked. */
export interface Removed {
  readonly reference: string;
  readonly what: Removal['what'];
  readonly digest: Digest;
}

/** Reads what to remove. Nothing is removed that is not named: there is no `latest` here. Throws UsageError. */
export function parseRemovals(texts: readonly string[]): readonly Removal[] {
  return texts.map((text) => {
    const { reference } = parseRegistryLocation(text);
    if (reference.tag !== undefined && reference.digest !== undefined) {
      throw new UsageError(`${text} has a tag and a digest`, 'name the tag to remove it, or the digest for the image.');
    }
    if (reference.tag === undefined && reference.digest === undefined) {
      throw new UsageError(`${text} names no tag and no digest`, `write ${text}:TAG or ${text}@DIGEST`);
    }
    return { reference, what: reference.tag === undefined ? 'image' : 'tag' };
  });
}

/**
 * Removes a tag or an image; `dryRun` only looks whether it is there. Rejects with MissingError when it is not, and as
 * `deleteManifest` does.
 */
export async function removeImage(
  { reference, what }: Removal,
  access: RegistryAccess,
  dryRun: boolean,
  context: CliContext,
): Promise<Removed> {
  const { registry, repository, tag, digest } = reference;
  const { signal } = context;
  const text = formatImageReference(reference);
  const meant = tag ?? digest;
  using transport = await openRegistry(registry, repository, access, context);
  const found = meant === undefined ? undefined : await findManifest(transport, repository, meant, { signal });
  if (found !== undefined && meant !== undefined) {
    if (dryRun || (await deleteManifest(transport, repository, meant, { signal }))) {
      return { reference: text, what, digest: found.digest };
    }
  }
  throw new MissingError(`${text} is not there`, `see what is: entrepot ls ${registry}/${repository}`);
}
