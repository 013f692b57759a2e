import { hash } from 'node:crypto';
import { type Digest, digestAlgorithm, toDigest } from '@entrepot/oci/digest';
import type { Descriptor } from '@entrepot/oci/descriptor';
import { ManifestError, type ParsedManifest, parseManifest } from '@entrepot/oci/manifest';
import type { TagOrDigest } from '@entrepot/oci/reference';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { type Asker, actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import { createLru } from '#platform/cache';
import type { Eventually } from '#kernel/eventually';
import type { Events } from '#platform/outbox';
import type { DeletionStore } from '#registry/deletions';
import { describeManifest } from '#registry/descriptions';
import type { PushGate, TagPolicy } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import { createKeptTags } from './kept-tags.ts';
import type { ManifestReferences, ManifestStore, StoredManifest } from './store.ts';

export interface ManifestPush {
  readonly reference: TagOrDigest;
  /** More tags for the same manifest, where the reference is a digest. */
  readonly tags: readonly TagName[];
  readonly content: Uint8Array;
  readonly contentType: string | undefined;
  /** From `If-Match`: the digest the tag must point at now; `absent` from `If-None-Match: *`. */
  readonly onlyIf: Digest | 'absent' | undefined;
  /** Whether the asker may push an image before all of its layers. */
  readonly mayBeSparse: boolean;
  /** What the audit calls it; a push unless told. */
  readonly action?: 'copy-artifact';
}

export interface PushedManifest {
  readonly digest: Digest;
  readonly subject: Digest | undefined;
  readonly tags: readonly TagName[];
  /** Layers that the repository does not hold: the image cannot be pulled whole until they are pushed too. */
  readonly missing: readonly Digest[];
  /** Sentences of push policies for whoever pushed. */
  readonly warnings: readonly string[];
}

export interface Manifests {
  /** The manifest behind a tag or digest of this repository. Fails with `manifest-not-found`. */
  find(project: Project, repository: RepositoryName, reference: TagOrDigest): Eventually<StoredManifest>;
  /**
   * The exact bytes that were pushed, one character each (latin1): Node sends headers and a text in one write, and
   * headers and bytes in two, which is what a pull of a manifest mostly costs.
   */
  content(manifest: StoredManifest): Eventually<string>;
  /**
   * Stores a manifest with its references and tags in one transaction: durable, all or nothing, when this resolves.
   * Fails with `manifest-invalid`, `digest-mismatch`, `manifest-blob-unknown`, `precondition-failed`, `tag-immutable`, or with what a
   * push policy refuses it for.
   */
  push(asker: Asker, project: Project, repository: RepositoryName, push: ManifestPush): Promise<PushedManifest>;
  /** Removes a tag, or a manifest with all its tags. Fails with `manifest-not-found` or `tag-immutable`. */
  delete(asker: Asker, project: Project, repository: RepositoryName, reference: TagOrDigest): Promise<void>;
}

export interface ManifestsDeps {
  readonly store: ManifestStore;
  readonly deletions: Pick<DeletionStore, 'open'>;
  readonly repositories: RepositoryStore;
  readonly audit: Pick<Audit, 'write'>;
  readonly events: Events;
  readonly gate: PushGate;
  readonly tagPolicy: TagPolicy;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Whether every child of an index must be present when the index is pushed. */
  readonly requireChildren: boolean;
  /** Memory for the contents of manifests, in bytes. */
  readonly cacheBytes: number;
  /** Told after a push. */
  readonly onPushed?: () => void;
}

export function createManifests(deps: ManifestsDeps): Manifests {
  const { store, deletions, repositories, audit, events, gate, transact, clock } = deps;
  const keptTags = createKeptTags(deps.tagPolicy, store);
  const cache = createLru<string>({ capacity: deps.cacheBytes, weight: (content) => content.length + 200 });
  const notFound = (reference: TagOrDigest) =>
    new RegistryError('manifest-not-found', `There is no manifest ${textOf(reference)} in this repository.`, {
      detail: reference.kind === 'tag' ? { tag: reference.tag } : { digest: reference.digest },
    });

  async function load(manifest: StoredManifest): Promise<string> {
    const bytes = await store.readContent(manifest.digest);
    if (bytes === undefined)
      throw new RegistryError('storage-failed', `The content of ${manifest.digest} is not in the database.`);
    const algorithm = digestAlgorithm(manifest.digest);
    if (toDigest(algorithm, hash(algorithm, bytes, 'hex')) !== manifest.digest)
      throw new RegistryError('storage-failed', `The content of ${manifest.digest} in the database is damaged.`);
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    cache.set(manifest.digest, content);
    return content;
  }

  /**
   * Finds what the manifest refers to in this repository, and decides whether what is not there may be missing.
   * `counted` is what counts again from now on.
   */
  async function collectReferences(
    tx: Transaction,
    repositoryId: number,
    manifest: ParsedManifest,
    mayBeSparse: boolean,
  ): Promise<ManifestReferences & { readonly counted: readonly Descriptor[] }> {
    const held = await store.holdBlobs(
      tx,
      repositoryId,
      manifest.blobs.map((blob) => blob.digest),
      clock(),
    );
    for (const blob of manifest.blobs) {
      const size = held.get(blob.digest)?.size;
      if (size !== undefined && size !== blob.size) {
        throw new RegistryError(
          'manifest-invalid',
          `The manifest gives ${blob.digest} a size of ${blob.size}, it has ${size} bytes.`,
        );
      }
    }
    const missing = manifest.blobs.filter((blob) => !held.has(blob.digest));
    if (missing.length > 0 && !(mayBeSparse && isRecognisable(manifest, (digest) => held.has(digest))))
      throw blobsUnknown(missing);
    if (deps.requireChildren) await assertChildren(tx, repositoryId, manifest);
    const loose = manifest.blobs.filter(({ digest }) => held.get(digest)?.loose === true);
    return {
      blobIds: [...held.values()].map((blob) => blob.id),
      looseIds: [...held.values()].filter((blob) => blob.loose).map((blob) => blob.id),
      counted: loose,
      missing: missing.map((blob) => blob.digest),
      children: manifest.manifests.map((child) => child.digest),
    };
  }

  async function assertChildren(tx: Transaction, repositoryId: number, manifest: ParsedManifest): Promise<void> {
    const children = manifest.manifests.map((child) => child.digest);
    const present = await store.presentManifests(tx, repositoryId, children);
    const missing = children.filter((digest) => !present.has(digest));
    if (missing.length === 0) return;
    throw new RegistryError(
      'manifest-blob-unknown',
      `The index names manifests that are not in this repository, first ${missing[0]}.`,
      {
        detail: missing.map((digest) => ({ digest })),
      },
    );
  }

  async function assertTagIs(
    tx: Transaction,
    repositoryId: number,
    tag: TagName,
    wanted: Digest | 'absent',
  ): Promise<void> {
    const target = await store.tagTarget(tx, repositoryId, tag);
    if (wanted === 'absent' ? target === undefined : target === wanted) return;
    throw new RegistryError(
      'precondition-failed',
      `The tag ${tag} points at ${target ?? 'nothing'}, not at what was expected.`,
      {
        detail: { tag, digest: target ?? null },
      },
    );
  }

  return {
    find(project, repository, reference) {
      const found =
        reference.kind === 'tag'
          ? store.findByTag(project.id, repository, reference.tag)
          : store.findByDigest(project.id, repository, reference.digest);
      const insist = (manifest: StoredManifest | undefined) => {
        if (manifest === undefined) throw notFound(reference);
        return manifest;
      };
      return found instanceof Promise ? found.then(insist) : insist(found);
    },

    content: (manifest) => cache.get(manifest.digest) ?? load(manifest),

    async push(asker, project, repository, push) {
      const digest = digestOf(push.reference, push.content);
      const manifest = parse(push);
      const tags = push.reference.kind === 'tag' ? [push.reference.tag] : [...new Set(push.tags)];
      let missing: readonly Digest[] = [];
      const place = { projectId: project.id, repository, asker };
      const { warnings } = await gate.through(place, (admit) =>
        transact(async (tx) => {
          const at = clock();
          const repositoryId = await repositories.ensure(tx, project.id, repository, at);
          await keptTags.assertMovable(tx, { ...place, repositoryId }, tags, digest);
          const references = await collectReferences(tx, repositoryId, manifest, push.mayBeSparse);
          missing = references.missing;
          const manifests = [{ digest, size: push.content.length }];
          const confirm = await admit(tx, { blobs: references.counted, manifests });
          if (push.onlyIf !== undefined) {
            for (const tag of tags) await assertTagIs(tx, repositoryId, tag, push.onlyIf);
          }
          const by = actorName(asker.actor);
          const manifestId = await store.put(
            tx,
            {
              repositoryId,
              digest,
              mediaType: manifest.mediaType,
              content: push.content,
              artifactType: manifest.artifactType,
              subject: manifest.subject?.digest,
              annotations: manifest.subject === undefined ? undefined : manifest.annotations,
              description: describeManifest(manifest, push.content.length, tags),
              tagged: tags.length > 0,
              at,
              by,
            },
            references,
          );
          const before = new Map<TagName, Digest | undefined>();
          for (const name of tags) {
            before.set(name, await store.putTag(tx, { repositoryId, name, manifestId, at, by }));
          }
          await confirm();
          await audit.write(tx, {
            action: push.action ?? 'push-artifact',
            asker,
            projectId: project.id,
            resource: tags[0] === undefined ? repository : `${repository}:${tags.join(',')}`,
            digest,
            outcome: 'success',
            ...movedTags(before, digest),
          });
          const about = aboutArtifact(asker, project, repository, digest);
          await events.emit(
            tx,
            { kind: 'artifact-pushed', ...about, mediaType: manifest.mediaType, tags },
            ...tags
              .filter((tag) => before.get(tag) === undefined)
              .map((tag) => ({ kind: 'tag-created', ...about, tag }) as const),
          );
        }),
      );
      deps.onPushed?.();
      return { digest, subject: manifest.subject?.digest, tags, missing, warnings };
    },

    async delete(asker, project, repository, reference) {
      const where = await repositories.find(project.id, repository);
      if (where === undefined) throw notFound(reference);
      await transact(async (tx) => {
        await keptTags.assertRemovable(tx, { projectId: project.id, repository, repositoryId: where.id }, async () => {
          if (reference.kind === 'digest') return store.tagsOf(tx, where.id, reference.digest);
          const there = await store.presentTags(tx, where.id, [reference.tag]);
          return there.size > 0 ? [reference.tag] : [];
        });
        const target = reference.kind === 'tag' ? await store.tagTarget(tx, where.id, reference.tag) : reference.digest;
        const tags = reference.kind === 'tag' ? [] : await store.tagsOf(tx, where.id, reference.digest);
        const stroke = { at: clock(), by: actorName(asker.actor) };
        const deletionId = await deletions.open(tx, {
          kind: reference.kind === 'tag' ? 'tag' : 'artifact',
          projectId: project.id,
          projectName: project.name,
          repository,
          ...(reference.kind === 'tag' && { tag: reference.tag }),
          ...(target !== undefined && { digest: target }),
          ...stroke,
        });
        const removal = { deletionId, ...stroke };
        const gone =
          reference.kind === 'tag'
            ? await store.deleteTag(tx, where.id, reference.tag, removal)
            : await store.delete(tx, where.id, reference.digest, removal);
        if (!gone) throw notFound(reference);
        await audit.write(tx, {
          action: 'delete-artifact',
          asker,
          projectId: project.id,
          resource: reference.kind === 'tag' ? `${repository}:${reference.tag}` : repository,
          ...(target === undefined ? {} : { digest: target }),
          outcome: 'success',
        });
        if (target === undefined) return;
        const about = aboutArtifact(asker, project, repository, target);
        await events.emit(
          tx,
          reference.kind === 'tag'
            ? { kind: 'tag-deleted', ...about, tag: reference.tag }
            : { kind: 'artifact-deleted', ...about, tags },
        );
      });
    },
  };
}

/** For the audit, where a push moved tags: what they pointed at, and what they point at. */
function movedTags(before: ReadonlyMap<TagName, Digest | undefined>, digest: Digest) {
  const moved = [...before].filter(([, from]) => from !== undefined && from !== digest).slice(0, 100);
  const [only] = moved;
  if (only === undefined) return {};
  return { before: moved.length === 1 ? { digest: only[1] } : { tags: Object.fromEntries(moved) }, after: { digest } };
}

/** What every event about an artifact knows. */
export function aboutArtifact(asker: Asker, project: Project, repository: RepositoryName, digest: Digest) {
  return {
    projectId: project.id,
    projectName: project.name,
    operator: actorName(asker.actor),
    requestId: asker.requestId,
    repository,
    digest,
  };
}

function blobsUnknown(missing: readonly Descriptor[]): RegistryError {
  return new RegistryError(
    'manifest-blob-unknown',
    `The manifest names ${missing.length} blob(s) that are not in this repository, first ${missing[0]?.digest}: push them before the manifest.`,
    { detail: missing.map(({ digest, mediaType, size }) => ({ digest, mediaType, size })) },
  );
}

/**
 * Whether enough of a sparse image is here to tell what it is: its config and one layer. A manifest of which nothing
 * is here is a mistake, whoever pushes it.
 */
function isRecognisable(manifest: ParsedManifest, holds: (digest: Digest) => boolean): boolean {
  return (
    manifest.config !== undefined &&
    holds(manifest.config.digest) &&
    manifest.layers.some((layer) => holds(layer.digest))
  );
}

function textOf(reference: TagOrDigest): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}

/** A manifest pushed by digest must have it; one pushed by tag gets the canonical algorithm. */
function digestOf(reference: TagOrDigest, content: Uint8Array): Digest {
  const algorithm = reference.kind === 'digest' ? digestAlgorithm(reference.digest) : 'sha256';
  const digest = toDigest(algorithm, hash(algorithm, content, 'hex'));
  if (reference.kind === 'digest' && reference.digest !== digest) {
    throw new RegistryError(
      'digest-mismatch',
      `The manifest's digest is ${digest}, it was pushed as ${reference.digest}.`,
    );
  }
  return digest;
}

function parse(push: ManifestPush): ParsedManifest {
  try {
    return parseManifest(push.content, push.contentType);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const code = error.fault === 'digest' || error.fault === 'digest-algorithm' ? 'digest-invalid' : 'manifest-invalid';
    throw new RegistryError(code, error.message, { cause: error });
  }
}
