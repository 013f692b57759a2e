import type { Descriptor } from '#src/descriptor';
import type { Digest } from '#src/digest';
import { isImageManifestType, isIndexType } from '#src/media-types';
import type { WantedPlatform } from '#src/platform';
import type { RepositoryName } from '#src/repository-name';
import type { TagName } from '#src/tag';
import { RegistryProtocolError, RegistryResponseError } from './errors.ts';
import { createLimiter } from './limiter.ts';
import { findManifest, type PulledManifest, pullManifest } from './pull.ts';
import { pullBlob } from './pull-blob.ts';
import { type BlobPushed, pushBlob } from './push-blob.ts';
import { listReferrers, pushReferrer } from './referrers.ts';
import type { Transport } from './transport.ts';

/** One repository of one registry. */
export interface CopyEnd {
  readonly transport: Transport;
  readonly repository: RepositoryName;
}

/** What happens during a copy, for showing. */
export type CopyEvent =
  | { readonly kind: 'blob-started'; readonly digest: Digest; readonly size: number }
  | { readonly kind: 'blob-progress'; readonly digest: Digest; readonly bytes: number }
  | { readonly kind: 'blob-done'; readonly digest: Digest; readonly size: number; readonly how: BlobPushed }
  | { readonly kind: 'manifest-done'; readonly digest: Digest; readonly how: 'present' | 'pushed' };

export interface CopyOptions {
  /** Copies only this platform's image where the source is an index. */
  readonly platform?: WantedPlatform;
  /** Leaves out children of indexes. The target must accept an index whose children are not all there. */
  readonly keepsChild?: (child: Descriptor) => boolean;
  /** Copies what refers to the copied manifests too: signatures, attestations, SBOMs. */
  readonly referrers?: boolean;
  /** Transfers at a time; 4 by default. */
  readonly concurrency?: number;
  /** Sends blobs in chunks of this size instead of in one request each. */
  readonly chunkSize?: number;
  readonly onEvent?: (event: CopyEvent) => void;
  readonly signal?: AbortSignal;
}

/** How much of a copy had to travel. */
export interface CopyTally {
  readonly manifestsPushed: number;
  readonly blobsUploaded: number;
  readonly bytesUploaded: number;
}

/** One copy under way: every digest is handled once, and the first failure ends all of it. */
export interface CopyRun {
  readonly tally: CopyTally;
  /** Pulls a manifest from the source. */
  pull(reference: TagName | Digest): Promise<PulledManifest>;
  /** Copies what a manifest names, then the manifest under `reference`. */
  copyRoot(pulled: PulledManifest, reference: TagName | Digest): Promise<void>;
  /** Copies the referrers of all manifests copied so far, and theirs in turn. */
  copyReferrers(): Promise<void>;
}

const mostManifests = 20_000;
const deepestIndex = 16;

/** Prepares a copy. Its methods reject as `pullManifest`, `pullBlob`, `pushBlob` and `pushManifest` do. */
export function createCopyRun(source: CopyEnd, target: CopyEnd, options: CopyOptions): CopyRun {
  const { onEvent, keepsChild = () => true } = options;
  const tally = { manifestsPushed: 0, blobsUploaded: 0, bytesUploaded: 0 };
  const failure = new AbortController();
  const signal = options.signal === undefined ? failure.signal : AbortSignal.any([failure.signal, options.signal]);
  const limit = createLimiter(options.concurrency ?? 4);
  const blobs = new Map<Digest, Promise<void>>();
  const manifests = new Map<Digest, Promise<void>>();
  const mountFrom =
    source.transport.registry === target.transport.registry && source.repository !== target.repository
      ? source.repository
      : undefined;

  /** Waits for all; after the first failure stops the others, and leaves nothing running behind it. */
  async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
    try {
      return await Promise.all(work);
    } catch (error) {
      failure.abort(error);
      await Promise.allSettled(work);
      throw error;
    }
  }

  function pull(reference: TagName | Digest): Promise<PulledManifest> {
    return limit(() => pullManifest(source.transport, source.repository, reference, { signal }));
  }

  async function isAtTarget(reference: TagName | Digest, digest: Digest): Promise<boolean> {
    const { transport, repository } = target;
    return (await limit(() => findManifest(transport, repository, reference, { signal })))?.digest === digest;
  }

  async function push(pulled: PulledManifest, reference: TagName | Digest): Promise<void> {
    const { digest } = pulled;
    const present = await isAtTarget(reference, digest);
    if (!present) {
      await limit(() => pushReferrer(target.transport, target.repository, reference, pulled, { signal }));
      tally.manifestsPushed++;
    }
    onEvent?.({ kind: 'manifest-done', digest, how: present ? 'present' : 'pushed' });
  }

  async function transfer({ digest, size }: Descriptor): Promise<void> {
    signal.throwIfAborted();
    onEvent?.({ kind: 'blob-started', digest, size });
    const blob = {
      digest,
      size,
      open: (offset: number) => pullBlob(source.transport, source.repository, { digest, size }, { offset, signal }),
    };
    const how = await pushBlob(target.transport, target.repository, blob, {
      signal,
      onBytes: (bytes) => onEvent?.({ kind: 'blob-progress', digest, bytes }),
      ...(mountFrom === undefined ? {} : { mountFrom }),
      ...(options.chunkSize === undefined ? {} : { chunkSize: options.chunkSize }),
    });
    if (how === 'uploaded') {
      tally.blobsUploaded++;
      tally.bytesUploaded += size;
    }
    onEvent?.({ kind: 'blob-done', digest, size, how });
  }

  function copyBlob(blob: Descriptor): Promise<void> {
    const work = blobs.get(blob.digest) ?? limit(() => transfer(blob));
    blobs.set(blob.digest, work);
    return work;
  }

  async function copyContent({ digest, manifest }: PulledManifest, depth: number): Promise<void> {
    if (depth > deepestIndex) {
      throw new RegistryProtocolError(`${digest} lies more than ${deepestIndex} indexes deep`);
    }
    const children = manifest.manifests.filter(keepsChild);
    await all([...manifest.blobs.map(copyBlob), ...children.map((child) => copyChild(child, depth + 1))]);
  }

  function copyChild(child: Descriptor, depth: number): Promise<void> {
    const work = manifests.get(child.digest) ?? copyNewChild(child, depth);
    manifests.set(child.digest, work);
    return work;
  }

  async function copyNewChild(child: Descriptor, depth: number): Promise<void> {
    const { digest, mediaType } = child;
    if (manifests.size >= mostManifests) {
      throw new RegistryProtocolError(`${source.repository} names more than ${mostManifests} manifests`);
    }
    // An index at the target may lack children, so only an image that is there needs no further look.
    if (!isIndexType(mediaType) && (await isAtTarget(digest, digest))) {
      onEvent?.({ kind: 'manifest-done', digest, how: 'present' });
      return;
    }
    let pulled: PulledManifest;
    try {
      pulled = await pull(digest);
    } catch (error) {
      // Build caches list plain blobs among the children of an index.
      const missing = error instanceof RegistryResponseError && error.status === 404;
      if (missing && !isIndexType(mediaType) && !isImageManifestType(mediaType)) {
        return copyBlob(child);
      }
      throw error;
    }
    await copyContent(pulled, depth);
    await push(pulled, digest);
  }

  async function copyRoot(pulled: PulledManifest, reference: TagName | Digest): Promise<void> {
    const { digest, manifest } = pulled;
    if (manifest.kind === 'index' || !(await isAtTarget(digest, digest))) {
      await copyContent(pulled, 0);
    }
    await push(pulled, reference);
    manifests.set(digest, Promise.resolve());
  }

  async function copyReferrers(): Promise<void> {
    const { transport, repository } = source;
    const asked = new Set<Digest>();
    for (let subjects = [...manifests.keys()]; subjects.length > 0; ) {
      for (const subject of subjects) {
        asked.add(subject);
      }
      const lists = await all(
        subjects.map((subject) => limit(() => listReferrers(transport, repository, subject, { signal }))),
      );
      await all(lists.flat().map((referrer) => copyChild(referrer, 0)));
      subjects = [...manifests.keys()].filter((digest) => !asked.has(digest));
    }
  }

  return { tally, pull, copyRoot, copyReferrers };
}
