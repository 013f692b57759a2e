import { hash } from 'node:crypto';
import { type Digest, digestAlgorithm, toDigest } from '@entrepot/oci/digest';
import type { BlobStore } from '#platform/blobs';
import type { Orphans } from './orphans.ts';
import { createPace } from '#platform/pace';
import type { ScrubReadModel } from './read-model.ts';
import type { ScrubStore } from './store.ts';
import { survey } from './survey.ts';
import type { DamageReason } from './types.ts';

export interface WrongBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly reason: DamageReason;
  /** Some of those that hold it. */
  readonly repositories: readonly string[];
}

/** How the store and the database stand to each other. */
export interface VerifyReport {
  readonly mode: 'fast' | 'deep';
  readonly seconds: number;
  readonly blobs: number;
  /** Bytes that the rows of those blobs speak of; read only in a deep look. */
  readonly bytes: number;
  readonly manifests: number;
  readonly wrong: readonly WrongBlob[];
  /** Whose bytes in the database are not their own; looked for in a deep look. */
  readonly wrongManifests: readonly string[];
  /** Known to be damaged before. */
  readonly quarantined: number;
  /** The store did not answer for them. */
  readonly unknown: number;
  /** In an archive: not read. */
  readonly archived: number;
  /** Rows that speak of what is not there, in words. */
  readonly dangling: readonly string[];
  /** Files that no row names, and that are older than the grace. */
  readonly orphans: { readonly count: number; readonly bytes: number };
  /** Nothing is lost or wrong; files without a name harm nobody. */
  readonly sound: boolean;
}

export interface VerifyDeps {
  readonly store: ScrubStore;
  readonly readModel: ScrubReadModel;
  readonly orphans: Orphans;
  readonly bytes: BlobStore;
}

export interface VerifyOptions {
  readonly deep: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: { readonly blobs: number; readonly bytes: number; readonly of: number }) => void;
}

/** What is told one by one; the figures count all. */
const mostTold = 1000;
const manifestsAtOnce = 200;

/** Looks at everything and changes nothing. Rejects with the signal's reason, or when the database does not answer. */
export async function verifyStorage(deps: VerifyDeps, options: VerifyOptions): Promise<VerifyReport> {
  const { store, readModel, orphans } = deps;
  const { deep, signal, onProgress } = options;
  const begun = performance.now();
  const { blobs: of } = await readModel.readState();
  const wrong: WrongBlob[] = [];
  const done = { blobs: 0, bytes: 0, unknown: 0, archived: 0 };
  for await (const { blob, finding } of survey(deps, { deep, signal, pace: createPace(0) })) {
    done.blobs += 1;
    done.bytes += blob.size;
    if (finding.kind === 'unknown') done.unknown += 1;
    if (finding.kind === 'archived') done.archived += 1;
    if (finding.kind === 'damaged') {
      const { digest, size } = blob;
      const repositories = wrong.length < mostTold ? await store.listHolders(digest, 10) : [];
      wrong.push({ digest, size, reason: finding.reason, repositories });
    }
    onProgress({ blobs: done.blobs, bytes: done.bytes, of });
  }
  const manifests = deep
    ? await verifyManifests(store, signal)
    : { count: await readModel.countManifests(), wrong: [] };
  const nameless = { count: 0, bytes: 0 };
  for await (const { size } of orphans.find(signal)) {
    nameless.count += 1;
    nameless.bytes += size;
  }
  const dangling = await readModel.listDangling(mostTold);
  const quarantined = await readModel.countQuarantined();
  return {
    mode: deep ? 'deep' : 'fast',
    seconds: Math.round(performance.now() - begun) / 1000,
    ...done,
    manifests: manifests.count,
    wrong,
    wrongManifests: manifests.wrong,
    quarantined,
    dangling,
    orphans: nameless,
    sound: wrong.length + manifests.wrong.length + quarantined + done.unknown + dangling.length === 0,
  };
}

async function verifyManifests(store: ScrubStore, signal: AbortSignal): Promise<{ count: number; wrong: Digest[] }> {
  const wrong: Digest[] = [];
  let count = 0;
  for (let after: Digest | undefined; ; ) {
    signal.throwIfAborted();
    const some = await store.listDueManifests(Number.MAX_SAFE_INTEGER, after, manifestsAtOnce);
    for (const { digest, content } of some) {
      const algorithm = digestAlgorithm(digest);
      if (toDigest(algorithm, hash(algorithm, content, 'hex')) !== digest) wrong.push(digest);
    }
    count += some.length;
    after = some.at(-1)?.digest;
    if (after === undefined) return { count, wrong };
  }
}
