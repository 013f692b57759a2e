import type { BlobSource } from './blob-objects.ts';
import { checkBytes } from './blob-objects.ts';
import { parseDigest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';
import type { AuditChain } from '#tenancy/audit/chain';
import { BackupUnusable } from './backup-unusable.ts';
import { eachInParallel } from './in-parallel.ts';
import type { RestoredReadModel } from './read-model.ts';
import type { ListedBlob, MissingBlob, Report } from './types.ts';

const hashesAtOnce = 4;
const mostFaults = 20;

/** One of the things that have to hold in a restored registry. */
export interface Check {
  readonly name: 'integrity' | 'blobs' | 'manifests' | 'tags' | 'quota' | 'audit';
  /** How much was looked at, in words. */
  readonly looked: string;
  /** What does not hold; empty when it passed. */
  readonly faults: readonly string[];
  readonly ms: number;
}

export interface CheckDeps {
  readonly readModel: RestoredReadModel;
  readonly chain: Pick<AuditChain, 'verify'>;
  /** What was found missing when the blobs were looked at. */
  readonly missing: readonly MissingBlob[];
  readonly blobCount: number;
  /** Every blob is read and hashed, when there is a way to. */
  readonly deep: { readonly source: BlobSource; readonly blobs: AsyncIterable<readonly ListedBlob[]> } | undefined;
  readonly report: Report;
}

/** Asks a restored registry everything that has to hold. Never stops at what does not. */
export async function* runChecks(deps: CheckDeps): AsyncGenerator<Check, void, void> {
  const { readModel, chain, report } = deps;
  yield await timed('integrity', async () => ({
    looked: 'the database and its references',
    faults: await readModel.checkIntegrity(),
  }));
  yield await timed('blobs', () => checkBlobs(deps));
  yield await timed('manifests', async () => {
    const { manifests, absentChildren, faults } = await readModel.checkManifests((done) =>
      report({ doing: 'manifests', done }),
    );
    const absent = absentChildren === 0 ? '' : `, ${absentChildren} children of indexes were never pushed`;
    return { looked: `${manifests} manifests${absent}`, faults };
  });
  yield await timed('tags', async () => {
    const { tags, faults } = await readModel.checkTags();
    return { looked: `${tags} tags`, faults };
  });
  yield await timed('quota', async () => {
    const { projects, faults } = await readModel.checkQuotas();
    return { looked: `${projects} projects`, faults };
  });
  yield await timed('audit', async () => {
    const { rows, verified, firstBad } = await chain.verify();
    const fault = `rows ${firstBad?.firstId} to ${firstBad?.lastId}: ${firstBad?.reason}`;
    return { looked: `${rows} rows`, faults: verified ? [] : [fault] };
  });
}

async function timed(
  name: Check['name'],
  work: () => Promise<{ readonly looked: string; readonly faults: readonly string[] }>,
): Promise<Check> {
  const begin = performance.now();
  const { looked, faults } = await work();
  return { name, looked, faults, ms: Math.round(performance.now() - begin) };
}

async function checkBlobs({ readModel, missing, blobCount, deep, report }: CheckDeps) {
  const known = await readModel.listDamaged();
  const faults = missing
    .filter(({ digest }) => !known.has(digest))
    .map(({ digest, why }) => `the blob ${digest}: ${why}`);
  const absent = new Set(missing.map(({ digest }) => digest));
  if (deep !== undefined) {
    let done = 0;
    for await (const blobs of deep.blobs) {
      await eachInParallel(blobs, hashesAtOnce, async (blob) => {
        if (!absent.has(blob.digest) && !known.has(blob.digest)) faults.push(...(await hashBlob(deep.source, blob)));
        done += 1;
        report({ doing: 'hashes', done, total: blobCount });
      });
    }
  }
  const more = faults.length - mostFaults;
  const damaged = known.size === 0 ? '' : `, ${known.size} known as damaged`;
  return {
    looked: `${blobCount} blobs, ${deep === undefined ? 'their sizes' : 'their bytes'}${damaged}`,
    faults: more > 0 ? [...faults.slice(0, mostFaults), `and ${more} more`] : faults,
  };
}

async function hashBlob(source: BlobSource, blob: ListedBlob): Promise<string[]> {
  try {
    const bytes = await source.open(blob.location as BlobLocation);
    for await (const chunk of checkBytes(bytes, parseDigest(blob.digest), blob.size)) void chunk;
    return [];
  } catch (error) {
    return [
      error instanceof BackupUnusable ? error.message : `the blob ${blob.digest} cannot be read: ${String(error)}`,
    ];
  }
}
