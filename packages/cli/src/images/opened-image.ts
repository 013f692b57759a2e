import type { CopyEnd } from '@entrepot/oci/client/copy-run';
import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';

/** An image that can be read: the way to it, and what it is called there. Dispose it when done. */
export interface OpenedSource extends CopyEnd, AsyncDisposable {
  readonly reference: TagName | Digest;
  /** The tag or name it goes by, when it goes by one. */
  readonly name: string | undefined;
}

/** A place for an image. Dispose it when done; what was not finished by then nobody finds. */
export interface OpenedTarget extends CopyEnd, AsyncDisposable {
  /** Undefined when the image is only known by its digest until it is finished. */
  readonly reference: TagName | Digest | undefined;
  finish(root: Pick<Descriptor, 'digest' | 'mediaType'>): Promise<void>;
}
