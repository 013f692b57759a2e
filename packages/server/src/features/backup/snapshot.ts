import { createHash, randomBytes } from 'node:crypto';
import { BackupUnusable } from './backup-unusable.ts';
import type { BlobSource } from './blob-objects.ts';
import { type CopiedBlobs, copyBlobs } from './copy-blobs.ts';
import type { Place } from './place.ts';
import type { MetadataCopy } from './store.ts';
import type { BlobMode, ListedBlob, MissingBlob, Report, SnapshotFacts, SnapshotPart } from './types.ts';

export const snapshotFolder = 'snapshots/';

/** Names that sort by time. */
export function newSnapshotId(at: number): string {
  const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

export const partName = (id: string, part: 'database' | 'blobs' | 'snapshot.json'): string =>
  `${snapshotFolder}${id}/${part}`;

/** As many of those that could not be copied are listed in a snapshot. */
const mostMissing = 10_000;

export interface TakeSnapshotOptions {
  readonly place: Place;
  readonly copy: MetadataCopy;
  readonly mode: BlobMode;
  readonly source: BlobSource;
  readonly findNow: (digest: string) => Promise<ListedBlob | undefined>;
  readonly shipped: SnapshotFacts['shipped'];
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

export interface TakenSnapshot {
  readonly facts: SnapshotFacts;
  readonly copied: Omit<CopiedBlobs, 'missing'>;
}

/** Writes a copy of the metadata and then the blobs it names. It is a snapshot only when all of it is written. */
export async function takeSnapshot(options: TakeSnapshotOptions): Promise<TakenSnapshot> {
  const { place, copy, mode, report, signal } = options;
  const { at } = copy;
  const id = newSnapshotId(at);
  const database = await writePart(place, partName(id, 'database'), stopping(copy.content(), signal), (bytes) =>
    report({ doing: 'database', done: bytes, bytes }),
  );
  let [count, size] = [0, 0];
  const listed = await writePart(
    place,
    partName(id, 'blobs'),
    listBlobs(copy, (blob) => {
      count += 1;
      size += blob.size;
    }),
    () => undefined,
  );
  const { missing, ...copied } =
    mode === 'reference'
      ? { copied: 0, copiedBytes: 0, missing: [] as MissingBlob[] }
      : await copyBlobs({
          place,
          source: options.source,
          blobs: copy.blobs(),
          findNow: options.findNow,
          report: (progress) => report({ ...progress, total: count }),
          signal,
        });
  const { kind, store, version } = copy;
  const facts: SnapshotFacts = {
    format: 1,
    id,
    at,
    kind,
    store,
    version,
    database,
    blobs: { ...listed, mode, count, size, missing: missing.slice(0, mostMissing) },
    shipped: options.shipped,
  };
  await place.folder.flush();
  await place.writeJson(partName(id, 'snapshot.json'), facts);
  await place.folder.flush();
  return { facts, copied };
}

async function* listBlobs(
  copy: MetadataCopy,
  onBlob: (blob: ListedBlob) => void,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const blobs of copy.blobs()) {
    for (const blob of blobs) onBlob(blob);
    const lines = blobs.map(({ digest, size, location }) => `${JSON.stringify({ digest, size, location })}\n`);
    yield Buffer.from(lines.join(''));
  }
}

async function* stopping(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function writePart(
  place: Place,
  name: string,
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<SnapshotPart> {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      onBytes(bytes);
      yield chunk;
    }
  }
  await place.write(name, counted());
  return { bytes, sha256: hash.digest('hex') };
}

/** A part as it was written. Throws `BackupUnusable` at its end when it is not what the snapshot says. */
export async function* readPart(
  place: Place,
  facts: SnapshotFacts,
  part: 'database' | 'blobs',
): AsyncGenerator<Uint8Array, void, void> {
  const name = partName(facts.id, part);
  const hash = createHash('sha256');
  for await (const chunk of place.read(name)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== facts[part].sha256) {
    throw new BackupUnusable(`${name} is not the one that its snapshot was made with.`);
  }
}

export interface Snapshots {
  /** The oldest first. */
  readonly whole: readonly SnapshotFacts[];
  /** Those whose facts cannot be read. */
  readonly damaged: readonly { readonly id: string; readonly why: string }[];
}

/** All snapshots that were completed. */
export async function listSnapshots(place: Place): Promise<Snapshots> {
  const whole: SnapshotFacts[] = [];
  const damaged: { id: string; why: string }[] = [];
  for await (const { name } of place.folder.list(snapshotFolder)) {
    if (!name.endsWith('/snapshot.json')) continue;
    try {
      whole.push((await place.readJson(name)) as SnapshotFacts);
    } catch (error) {
      if (!(error instanceof BackupUnusable)) throw error;
      damaged.push({ id: name.slice(snapshotFolder.length, name.lastIndexOf('/')), why: error.message });
    }
  }
  return { whole: whole.sort((a, b) => a.at - b.at), damaged };
}
