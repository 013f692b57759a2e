import { parseTagName } from '@entrepot/oci/tag';
import type { CliContext } from '#src/context';
import { formatLocation, parseRegistryLocation } from '#src/locations/location';
import { type OutputFormat, writeResult } from '#src/output/write-result';
import { type AccessOptions, readAccess } from '#src/registries/registry-access';
import { openSource } from './open-source.ts';
import { tagImage } from './tag-image.ts';

/** Tags an image and says so. Rejects as `tagImage` does, with PartialFailure when some tags could not be set. */
export async function showTags(
  text: string,
  newTags: readonly string[],
  options: AccessOptions & { readonly output: OutputFormat },
  context: CliContext,
): Promise<void> {
  const { output } = options;
  const location = parseRegistryLocation(text);
  const tags = newTags.map(parseTagName);
  const access = await readAccess(options, [location.reference.registry], context);
  await using source = await openSource(location, access, context);
  const { image, done, failure } = await tagImage(source, tags, output === 'json' ? 'json' : 'text', context);
  const { registry, repository } = location.reference;
  const result = { source: formatLocation(location), digest: image.digest, tags: done };
  await writeResult(context, output, result, () =>
    done.map((tag) => `${registry}/${repository}:${tag} is ${image.digest}\n`).join(''),
  );
  if (failure !== undefined) {
    throw failure;
  }
}
