import { type PulledManifest, pullManifest } from '@entrepot/oci/client/pull';
import { pushManifest } from '@entrepot/oci/client/push';
import type { TagName } from '@entrepot/oci/tag';
import type { CliContext } from '#src/context';
import { doEach, type EachDone } from '#src/failures/do-each';
import type { FailureForm } from '#src/failures/tell-failure';
import type { OpenedSource } from './opened-image.ts';

/** What came of tagging. */
export interface TagReport extends EachDone<TagName> {
  readonly image: PulledManifest;
}

/** Gives an image further tags, as `doEach` does things. Rejects as `pullManifest` and `doEach` do. */
export async function tagImage(
  source: OpenedSource,
  tags: readonly TagName[],
  form: FailureForm,
  context: CliContext,
): Promise<TagReport> {
  const { transport, repository, reference } = source;
  const { signal } = context;
  const image = await pullManifest(transport, repository, reference, { signal });
  const set = async (tag: TagName) => {
    await pushManifest(transport, repository, tag, image, { signal });
    return tag;
  };
  return { image, ...(await doEach(tags, set, form, context)) };
}
