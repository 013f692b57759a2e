import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';
import type { SkipReason } from './fault.ts';
import type { SafeFolder } from './safe-folder.ts';

/** Something that should have come and did not. */
export interface Skipped {
  /** As the source calls it. */
  readonly repository: string;
  /** A tag or a digest; empty for the repository as such. */
  readonly reference: string;
  readonly reason: SkipReason;
  readonly message: string;
}

export interface SourceTag {
  readonly name: TagName;
  readonly digest: Digest;
  /** When it was set, in milliseconds. */
  readonly at: number;
}

export interface SourceRepository {
  readonly name: string;
  /** Its manifests, with when they came, as far as the source lists them. */
  readonly manifests: ReadonlyMap<Digest, number>;
  readonly tags: readonly SourceTag[];
  /** Whether indexes may name manifests that are not listed. */
  readonly reachesUnlisted: boolean;
  /** Whether what is listed is wanted without a tag too. */
  readonly wantsUntagged: boolean;
  /** What could not be read. */
  readonly skipped: readonly Skipped[];
  readonly blobs: SourceBlobs;
}

/** The files of a source, by digest. */
export interface SourceBlobs {
  readonly folder: SafeFolder;
  /** Where the bytes of a digest lie, if they do. */
  pathOf(digest: Digest): readonly string[];
}

/** A place with images in it, which is only read. */
export interface ImageSource {
  /** What it is, for reports: `docker-registry /var/lib/registry`. */
  readonly description: string;
  /** Its repositories whose names are wanted, in the order of their names; read one after the other. */
  repositories(wanted: (name: string) => boolean): Iterable<SourceRepository>;
}

export interface ImportOptions {
  /** Everything goes under this project; by its own name when undefined. */
  readonly project: string | undefined;
  /** Patterns of the source's repository names; everything when empty. */
  readonly include: readonly string[];
  readonly untagged: boolean;
  /** Takes images that lack layers and indexes that lack images. */
  readonly sparse: boolean;
  readonly replaceTags: boolean;
  /** Takes layers without reading them. */
  readonly trustDigests: boolean;
  readonly how: 'link' | 'copy' | 'either';
  /** Threads that read and hash. */
  readonly jobs: number;
}

export interface ImportCounts {
  repositories: number;
  manifests: { taken: number; present: number };
  tags: { set: number; present: number };
  blobs: { linked: number; copied: number };
  bytes: { linked: number; copied: number };
  /** Manifests that nothing asked for. */
  untagged: number;
}

export interface ImportReport extends ImportCounts {
  readonly source: string;
  readonly dryRun: boolean;
  readonly seconds: number;
  readonly manifestsPerSecond: number;
  readonly projectsMade: readonly string[];
  /** How many by each reason. */
  readonly skippedTotal: Readonly<Record<string, number>>;
  /** Of these the first thousands. */
  readonly skipped: readonly Skipped[];
}
