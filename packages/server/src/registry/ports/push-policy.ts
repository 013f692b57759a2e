import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Asker } from '#kernel/actor';
import type { ErrorCode } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';

/** Where something is pushed to, and by whom. */
export interface PushPlace {
  readonly projectId: number;
  readonly repository: RepositoryName;
  /** Absent where nobody asked for it just now. */
  readonly asker?: Asker | undefined;
}

/** Content that is about to be held by a repository; it may be in the project already. */
export interface PushedContent {
  readonly blobs?: readonly { readonly digest: Digest; readonly size: number }[];
  readonly manifests?: readonly { readonly digest: Digest; readonly size: number }[];
  /** So many of the manifests lists will show, and do not yet; where it is known before they are written. */
  readonly artifacts?: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
}

export type PushVerdict =
  | Refused
  | {
      readonly kind: 'admitted';
      /** One sentence for whoever pushed. */
      readonly warning?: string | undefined;
      /** To be asked in the same transaction, when everything is written; its verdict takes the place of this one. */
      readonly confirm?: (() => Promise<PushVerdict>) | undefined;
    };

/** How large one upload may become. */
export interface UploadRoom {
  /** Infinite where nothing is limited. */
  readonly bytes: number;
  /** What to say to an upload that would have `size` bytes, which is more. */
  refuse(size: number): Refused;
}

/**
 * A socket for what has a say in pushes. A policy answers with a verdict: it neither throws for a refusal nor writes,
 * and it may be asked again when a transaction is run again.
 */
export interface PushPolicy {
  /** Asked before an upload is opened. */
  openUpload(place: PushPlace): Promise<PushVerdict>;
  /**
   * Asked before bytes of an upload are taken, so that those which cannot stay need not come. Admits nothing. The
   * digest is that of the whole, where it is known.
   */
  roomOf(place: PushPlace, digest?: Digest): Promise<UploadRoom>;
  /**
   * Asked in the transaction that gives the content to the repository, before it does. When it admits the content, that
   * stays true until the transaction ends.
   */
  admit(tx: Transaction, place: PushPlace, content: PushedContent): Promise<PushVerdict>;
  /** Told after a refusal by this policy, when the transaction is undone. */
  refused(place: PushPlace, verdict: Refused): Promise<void>;
  /** Told after the commit of a push that it warned about. */
  warned(place: PushPlace, warning: string): Promise<void>;
}
