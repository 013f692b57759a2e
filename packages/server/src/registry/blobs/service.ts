import type { Readable } from 'node:stream';
import { hash } from 'node:crypto';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Actor, Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import { type BlobLocation, type BlobStore, type ByteRange, isBlobRedirector } from '#platform/blobs';
import { createExpiring, createLru } from '#platform/cache';
import type { Eventually } from '#kernel/eventually';
import type { PushGate } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import type { Access } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import { type Project, projectNameOf } from '#tenancy/projects';
import type { BlobRecords, StoredBlob } from './store.ts';

export interface Blobs {
  /** The blob, if this repository holds it. Fails with `blob-not-found` otherwise, wherever else it may lie. */
  get(project: Project, repository: RepositoryName, digest: Digest): Eventually<StoredBlob>;
  /**
   * Notes that the client relies on the blob being here from now on: it asked, and pushes what needs it without sending
   * it again. Fails with `blob-not-found` when it was collected at this moment.
   */
  rely(project: Project, repository: RepositoryName, blob: StoredBlob, digest: Digest): Eventually<void>;
  /**
   * Its bytes, or a part of them: from memory when it is small and popular, else as a stream. What is read whole into
   * memory is held against the digest. Fails with `storage-failed` when the bytes are not the blob's.
   */
  open(blob: StoredBlob, digest: Digest, range?: ByteRange): Promise<Readable | Uint8Array>;
  /** Where the client may fetch the bytes itself, if the store can say and is told to. */
  redirect(blob: StoredBlob): Promise<string | undefined>;
  /**
   * Gives the repository a blob that another one holds and the actor may pull. Undefined when there is none such. Fails
   * with what a push policy refuses it for.
   */
  mount(actor: Actor, mount: Mount): Promise<{ readonly warnings: readonly string[] } | undefined>;
  /** Takes the blob out of the repository. Fails with `blob-not-found`, or with `unsupported` while a manifest needs it. */
  delete(asker: Asker, project: Project, repository: RepositoryName, digest: Digest): Promise<void>;
}

export interface Mount {
  readonly digest: Digest;
  readonly project: Project;
  readonly repository: RepositoryName;
  /** Undefined asks for any repository that the actor may pull from. */
  readonly from: { readonly project: Project; readonly repository: RepositoryName } | undefined;
  readonly asker: Asker;
}

export interface BlobsDeps {
  readonly records: BlobRecords;
  readonly repositories: RepositoryStore;
  readonly bytes: BlobStore;
  readonly access: Access;
  readonly audit: Pick<Audit, 'write'>;
  readonly gate: PushGate;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Memory for blobs that are small and asked for again and again, in bytes. */
  readonly cacheBytes: number;
  /** How often it is noted again that somebody relies on a blob, in milliseconds: well within the grace of the collection. */
  readonly touchEveryMs: number;
  /** Told of a blob whose bytes are not what they should be, or not there. */
  readonly onSuspect?: ((digest: Digest) => void) | undefined;
  /** Told of a blob that is read from the store, and where it lies. It costs the pull nothing. */
  readonly onRead?: ((digest: Digest, location: BlobLocation) => void) | undefined;
}

/** Blobs of which it is remembered that somebody relies on them. */
const reliedRemembered = 50_000;

/** Holders looked at for a mount without a source; a base layer may be in thousands of repositories. */
const mountCandidates = 200;

/** The largest blob kept in memory: configs and small layers, which cost more to open than to send. */
const largestCached = 2 * 1024 * 1024;

export function createBlobs(deps: BlobsDeps): Blobs {
  const { records, repositories, bytes, access, audit, gate, transact, clock } = deps;
  const cache = createLru<Uint8Array>({ capacity: deps.cacheBytes, weight: (content) => content.length });
  const relied = createExpiring<true>({ capacity: reliedRemembered, ttlMs: deps.touchEveryMs, clock });
  const notFound = (digest: Digest) =>
    new RegistryError('blob-not-found', `The blob ${digest} is not in this repository.`, { detail: { digest } });

  /**
   * Whether the actor may have the blob from the source, or from somewhere. A token that names no source speaks for its
   * account where it is used and in public; elsewhere it opens what it names.
   */
  async function mountable(actor: Actor, mount: Mount): Promise<boolean> {
    const { digest, from } = mount;
    if (from !== undefined) {
      const held = await records.findIn(from.project.id, from.repository, digest);
      return held !== undefined && (await access.may(actor, 'repository:pull', from.project, from.repository));
    }
    for (const holder of await records.holders(digest, mountCandidates)) {
      const project = { id: holder.projectId, name: projectNameOf(holder.repository), public: holder.public };
      const near = actor.kind !== 'token' || holder.public || holder.projectId === mount.project.id;
      const may = near
        ? access.accountOfMay(actor, 'repository:pull', project, holder.repository)
        : access.may(actor, 'repository:pull', project, holder.repository);
      if (await may) return true;
    }
    return false;
  }

  /** Blobs on their way into memory: a thousand clients that ask for one at once wait for one reading of it. */
  const loading = new Map<string, Promise<Uint8Array>>();

  async function load(blob: StoredBlob, digest: Digest): Promise<Uint8Array> {
    const content = Buffer.allocUnsafeSlow(blob.size);
    let filled = 0;
    for await (const chunk of await openBytes(blob, digest)) filled += (chunk as Buffer).copy(content, filled);
    if (filled !== blob.size) {
      deps.onSuspect?.(digest);
      throw new RegistryError('storage-failed', `The store holds ${filled} of the ${blob.size} bytes of a blob.`);
    }
    const algorithm = digestAlgorithm(digest);
    if (hash(algorithm, content, 'hex') !== digestHex(digest)) {
      deps.onSuspect?.(digest);
      throw new RegistryError('storage-failed', 'The stored bytes are not those that were pushed.');
    }
    cache.set(blob.location, content);
    return content;
  }

  /** A blob that is known and not there, or shorter than it was, is looked at before the next scrub. */
  async function openBytes(blob: StoredBlob, digest: Digest, range?: ByteRange): Promise<Readable> {
    try {
      const opened = await bytes.open(blob.location, range);
      deps.onRead?.(digest, blob.location);
      return opened;
    } catch (error) {
      if (error instanceof RegistryError && isSuspicious(error)) deps.onSuspect?.(digest);
      throw error;
    }
  }

  return {
    get(project, repository, digest) {
      const found = records.findIn(project.id, repository, digest);
      const insist = (blob: StoredBlob | undefined) => {
        if (blob === undefined) throw notFound(digest);
        return blob;
      };
      return found instanceof Promise ? found.then(insist) : insist(found);
    },
    rely(project, repository, blob, digest) {
      if (relied.get(blob.location) !== undefined) return undefined;
      const note = async (tx: Transaction) => {
        const id = await records.touch(tx, digest, clock());
        // Asked after the touch, which a collection that takes the blob out of the repository waits for, or goes before.
        if (id === undefined || !(await records.holds(tx, project.id, repository, id))) throw notFound(digest);
      };
      return transact(note, { durable: false }).then(() => relied.set(blob.location, true));
    },
    async open(blob, digest, range) {
      const cached = cache.get(blob.location);
      if (cached !== undefined) return range === undefined ? cached : cached.subarray(range.first, range.last + 1);
      if (range !== undefined || blob.size > largestCached) return openBytes(blob, digest, range);
      const running = loading.get(blob.location) ?? load(blob, digest).finally(() => loading.delete(blob.location));
      loading.set(blob.location, running);
      return running;
    },
    async redirect(blob) {
      if (!isBlobRedirector(bytes)) return undefined;
      return bytes.redirect(blob.location, { contentType: 'application/octet-stream' });
    },
    async mount(actor, mount) {
      const { digest, project, repository, asker } = mount;
      const known = (await mountable(actor, mount)) ? await records.findAnywhere(digest) : undefined;
      if (known === undefined) return undefined;
      const { result, warnings } = await gate.through({ projectId: project.id, repository, asker }, (admit) =>
        transact(async (tx) => {
          const blobId = await records.touch(tx, digest, clock());
          if (blobId === undefined) return false;
          const repositoryId = await repositories.ensure(tx, project.id, repository, clock());
          await admit(tx, { blobs: [{ digest, size: known.size }] });
          await records.link(tx, repositoryId, blobId, clock());
          return true;
        }),
      );
      return result ? { warnings } : undefined;
    },
    async delete(asker, project, repository, digest) {
      const where = await repositories.find(project.id, repository);
      if (where === undefined) throw notFound(digest);
      await transact(async (tx) => {
        // Taken out first and then asked about: a push that holds the row at the same time is waited for, and seen.
        if (!(await records.unlink(tx, where.id, digest))) throw notFound(digest);
        if (await records.isReferenced(tx, where.id, digest)) {
          throw new RegistryError(
            'unsupported',
            `A manifest of this repository needs the blob ${digest}: delete the manifest first.`,
          );
        }
        await audit.write(tx, {
          action: 'delete-blob',
          asker,
          projectId: project.id,
          resource: repository,
          digest,
          outcome: 'success',
        });
      });
    },
  };
}

const isSuspicious = ({ code, detail }: RegistryError): boolean =>
  code === 'blob-not-found' || (code === 'storage-failed' && (detail as { archived?: true } | undefined) === undefined);
