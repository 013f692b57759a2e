import { createHash, type Hash } from 'node:crypto';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '@entrepot/oci/digest';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { BackupUnusable } from './backup-unusable.ts';
import type { Place } from './place.ts';
import { seal, sealedSize, unseal } from './seal.ts';
import type { ListedBlob } from './types.ts';

export type BlobSource = Pick<BlobStore, 'open' | 'stat'>;

export const blobFolder = 'blobs/';

/** `blobs/sha256/ab/abcd…`; those in an encrypted place have other bytes and another name. */
export function blobObject(place: Place, digest: Digest): string {
  const hex = digestHex(digest);
  const name = `${blobFolder}${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}`;
  return place.key === undefined ? name : `${name}.sealed`;
}

/** The folder of those whose digests begin alike. */
export const shardOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1);

/** Bytes that the object of a blob of so many bytes has. */
export const storedSize = (place: Place, size: number): number => (place.key === undefined ? size : sealedSize(size));

/** Copies a blob and hashes it on the way. Rejects, with nothing written, when the bytes are not those of the digest. */
export async function writeBlob(place: Place, source: BlobSource, blob: ListedBlob): Promise<void> {
  const digest = parseDigest(blob.digest);
  const bytes = await source.open(blob.location as BlobLocation);
  const name = blobObject(place, digest);
  const checked = checkBytes(bytes, digest, blob.size);
  await place.folder.write(name, place.key === undefined ? checked : seal(name, checked, place.key));
}

/** The bytes of a blob in the backup, checked by their hash; it throws `BackupUnusable` at the end when they are others. */
export async function* readBlob(
  place: Place,
  blob: Pick<ListedBlob, 'digest' | 'size'>,
): AsyncGenerator<Uint8Array, void, void> {
  const digest = parseDigest(blob.digest);
  const name = blobObject(place, digest);
  const stored = await place.folder.read(name);
  try {
    yield* checkBytes(place.key === undefined ? stored : unseal(name, stored, place.key), digest, blob.size);
  } finally {
    stored.destroy();
  }
}

/** Passes bytes on and throws at their end when they are not those of the digest. */
export async function* checkBytes(
  source: AsyncIterable<Uint8Array>,
  digest: Digest,
  size: number,
): AsyncGenerator<Uint8Array, void, void> {
  const hash: Hash = createHash(digestAlgorithm(digest));
  let count = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    count += chunk.byteLength;
    yield chunk;
  }
  if (count !== size) throw new BackupUnusable(`The blob ${digest} has ${count} bytes instead of ${size}.`);
  if (hash.digest('hex') !== digestHex(digest)) throw new BackupUnusable(`The bytes of the blob ${digest} are others.`);
}
