import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';

/** What a manifest is attached to, and as what, in Harbor's words. */
export interface Attachment {
  readonly of: Digest;
  readonly type: string;
}

export interface DescribedChild {
  readonly digest: Digest;
  /** JSON of what the index says of it. */
  readonly detail: string | undefined;
}

/** What is shown of an artifact, as its manifest alone tells it. */
export interface Description {
  /** `IMAGE`, `CHART`, `UNKNOWN` and so on. */
  readonly type: string;
  /** Media type of the config; of the manifest itself where it has no config. */
  readonly configType: string;
  /** Bytes of the manifest, its config and its layers; those of an index's manifests come on top. */
  readonly ownSize: number;
  /** JSON; none where there are none, or too many to keep. */
  readonly annotations: string | undefined;
  readonly children: readonly DescribedChild[];
  readonly attachment: Attachment | undefined;
  /** The config, where it has more to say. */
  readonly config: Descriptor | undefined;
}
