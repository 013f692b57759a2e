import type { Digest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';
import { isFault, type Fault } from './fault.ts';
import { createImporter } from './importer.ts';
import { createPrepareBatch } from './prepare-batch.ts';
import type { TakenBlob } from './take-blobs.ts';
import type { Tally } from './tally.ts';
import type { ImageSource, ImportOptions } from './types.ts';
import type { WrittenBatch } from './write-batch.ts';

export interface DryRunDeps {
  readonly source: ImageSource;
  readonly options: ImportOptions;
  readonly most: number;
  readonly requireChildren: boolean;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/**
 * Goes through a source as an import into an empty registry would, and writes nothing: manifests are read, of blobs it
 * is only seen whether they are there and how large they are.
 */
export async function dryRun({ source, options, most, requireChildren, tally, signal }: DryRunDeps): Promise<void> {
  const seen = new Map<Digest, number>();
  const prepareBatch = createPrepareBatch({
    store: {
      findBlobs: async (digests) =>
        new Map(digests.flatMap((digest) => (seen.has(digest) ? [[digest, seen.get(digest) ?? 0]] : []))),
      findManifests: async () => new Set(),
    },
    takeBlobs: {
      async take(digests, { folder, pathOf }) {
        const found = new Map<Digest, TakenBlob | Fault>();
        for (const digest of digests) {
          const file = folder.look(pathOf(digest));
          const absent: Fault = { reason: 'blob-missing', message: `The bytes of ${digest} are not there.` };
          if (file === undefined || isFault(file)) found.set(digest, file ?? absent);
          else {
            const size = Number(file.stats.size);
            const how = options.how === 'copy' ? 'copied' : 'linked';
            seen.set(digest, size);
            found.set(digest, { digest, size, location: '' as BlobLocation, how, note: undefined });
          }
        }
        return found;
      },
    },
    options,
    most,
    requireChildren,
    skip: tally.skip,
  });
  const projects = new Set<string>();
  const run = createImporter({
    prepareBatch,
    async writeBatch({ groups, taken }): Promise<WrittenBatch> {
      const items = groups.flatMap(({ manifests }) => manifests.map(({ item }) => item));
      const needed = new Set(
        groups.flatMap(({ manifests }) => manifests.flatMap(({ blobs }) => blobs)).map(({ digest }) => digest),
      );
      return {
        manifests: items.length,
        tagsSet: items.reduce((sum, { tags }) => sum + tags.length, 0),
        tagsPresent: 0,
        skipped: [],
        used: new Set([...taken.values()].filter(({ digest }) => needed.has(digest))),
      };
    },
    takeBlobs: { drop: async () => undefined },
    async ensureProject(name) {
      projects.add(name);
      return { id: projects.size, name, public: false };
    },
    options,
    most,
    tally,
    signal,
  });
  await run(source);
}
