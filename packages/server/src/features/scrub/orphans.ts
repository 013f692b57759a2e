import { createHash } from 'node:crypto';
import { toDigest } from '@entrepot/oci/digest';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { isBlobWalker, type WalkedBlob } from '#platform/blobs/capabilities';
import type { Audit } from '#tenancy/audit';
import type { CheckOptions } from './check-bytes.ts';
import { createLocationSet } from './location-set.ts';
import type { ScrubStore } from './store.ts';

/** Bytes in the store that no row names. */
export interface Orphans {
  /**
   * Finds them. Those that lie there for shorter than the grace may be about to be named, and are left out. Nothing
   * where the store cannot be listed.
   */
  find(signal: AbortSignal): AsyncIterable<WalkedBlob>;
  /** Puts those that still nobody names into the trash, whose time they wait for like everything else there. */
  discard(asker: Asker, orphans: readonly WalkedBlob[], options: CheckOptions): Promise<readonly WalkedBlob[]>;
}

export interface OrphansDeps {
  readonly store: ScrubStore;
  readonly bytes: BlobStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly graceMs: number;
}

/** Asked of the database at once. */
const batch = 200;

export function createOrphans({ store, bytes, transact, audit, clock, graceMs }: OrphansDeps): Orphans {
  async function digestOf(location: BlobLocation, { pace, signal }: CheckOptions): Promise<string> {
    const hash = createHash('sha256');
    try {
      for await (const chunk of await bytes.open(location)) {
        hash.update(chunk as Buffer);
        await pace.spend((chunk as Buffer).length, signal);
      }
    } catch {
      signal.throwIfAborted();
      return '';
    }
    return toDigest('sha256', hash.digest('hex'));
  }

  return {
    async *find(signal) {
      if (!isBlobWalker(bytes)) return;
      const named = createLocationSet();
      for await (const location of store.eachLocation()) {
        signal.throwIfAborted();
        named.add(location);
      }
      const stages = (await store.listStages()).join('\n');
      // What comes to be named from here on is younger than this.
      const before = clock() - graceMs;
      let candidates: WalkedBlob[] = [];
      const confirm = async () => {
        const locations = candidates.map(({ location }) => location);
        const unnamed = new Set(await transact((tx) => store.findUnnamed(tx, locations), { durable: false }));
        return candidates.filter(({ location }) => unnamed.has(location));
      };
      for await (const found of bytes.walk()) {
        signal.throwIfAborted();
        if (found.modifiedAt > before || named.has(found.location) || isStaged(stages, found.location)) continue;
        candidates.push(found);
        if (candidates.length < batch) continue;
        yield* await confirm();
        candidates = [];
      }
      if (candidates.length > 0) yield* await confirm();
    },

    async discard(asker, orphans, options) {
      const digests = new Map<BlobLocation, string>();
      for (const { location } of orphans) digests.set(location, await digestOf(location, options));
      return transact(async (tx) => {
        const unnamed = new Set(
          await store.findUnnamed(
            tx,
            orphans.map(({ location }) => location),
          ),
        );
        const gone = orphans.filter(({ location }) => unnamed.has(location));
        for (const { location, size } of gone) {
          await store.discard(tx, { location, size, digest: digests.get(location) ?? '' }, clock());
        }
        if (gone.length === 0) return gone;
        await audit.write(tx, {
          action: 'discard-content',
          asker,
          resource: `${gone.length} files`,
          outcome: 'success',
          detail: { bytes: gone.reduce((sum, { size }) => sum + size, 0), locations: gone.slice(0, 20).map(String) },
        });
        return gone;
      });
    },
  };
}

/** Whether an upload under way says that its bytes lie there; parts of one are named after the whole. */
function isStaged(stages: string, location: string): boolean {
  return stages.includes(location.replace(/\.[12]$/, '').replace(/^cold:/, ''));
}
