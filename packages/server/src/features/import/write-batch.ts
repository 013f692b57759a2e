import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';
import { actorName, type Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact, Transaction } from '#kernel/transaction';
import type { BlobRecords } from '#registry/blobs';
import { describeManifest } from '#registry/descriptions';
import type { createManifestStore, ManifestEntry } from '#registry/manifests';
import type { PushPolicy, TagGuard, TagPolicy } from '#registry/ports';
import type { createRepositoryStore } from '#registry/repositories';
import type { Audit } from '#tenancy/audit';
import type { Group, Item, PreparedBatch, ReadyManifest } from './batch.ts';
import type { ImportStore } from './store.ts';
import type { TakenBlob } from './take-blobs.ts';
import type { Skipped } from './types.ts';

export interface WriteBatchDeps {
  readonly store: Pick<ImportStore, 'findTags' | 'claim' | 'backdate'>;
  readonly manifests: ReturnType<typeof createManifestStore>;
  readonly records: Pick<BlobRecords, 'insertAll' | 'touch' | 'linkAll'>;
  readonly repositories: Pick<ReturnType<typeof createRepositoryStore>, 'ensure'>;
  /** What has a say in what projects hold. */
  readonly policies: readonly PushPolicy[];
  readonly tagPolicy: TagPolicy;
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly asker: Asker;
  readonly replaceTags: boolean;
  /** What the source is, for the audit. */
  readonly source: string;
}

/** What a transaction did. */
export interface WrittenBatch {
  readonly manifests: number;
  readonly tagsSet: number;
  readonly tagsPresent: number;
  readonly skipped: readonly Skipped[];
  /** The blobs whose bytes are in use now. */
  readonly used: ReadonlySet<TakenBlob>;
}

/** A project takes no more of it. Nothing of the batch was written. */
export class ProjectRefuses extends Error {
  readonly projectId: number;
  constructor(projectId: number, message: string) {
    super(message);
    this.projectId = projectId;
  }
}

/** What was looked at is not so any more: a blob was collected, a tag was made. Nothing of the batch was written. */
export class LostRace extends Error {}

/** Where tags point, and who keeps them there. */
interface TagsNow {
  readonly targets: ReadonlyMap<string, Digest>;
  readonly guard: TagGuard | undefined;
}

interface Running {
  readonly tx: Transaction;
  readonly taken: ReadonlyMap<Digest, TakenBlob>;
  /** Rows of blobs that this transaction made. */
  readonly made: Map<Digest, number>;
  readonly used: Set<TakenBlob>;
  readonly skipped: Skipped[];
  manifests: number;
  tagsSet: number;
  tagsPresent: number;
}

/** Writes batches, each in one transaction: all of it, or nothing. */
export function createWriteBatch(deps: WriteBatchDeps) {
  const { store, manifests, records, repositories, policies, audit, transact, clock, asker } = deps;
  const by = actorName(asker.actor);

  async function admit({ tx }: Running, { target, manifests: ready }: Group, digests: ReadonlyMap<Digest, number>) {
    const content = {
      blobs: [...digests].map(([digest, size]) => ({ digest, size })),
      manifests: ready.map(({ read }) => ({ digest: read.digest, size: read.content.length })),
    };
    const place = { projectId: target.project.id, repository: target.name, asker };
    const confirms: NonNullable<Extract<Awaited<ReturnType<PushPolicy['admit']>>, { kind: 'admitted' }>['confirm']>[] =
      [];
    for (const policy of policies) {
      const verdict = await policy.admit(tx, place, content);
      if (verdict.kind === 'refused') throw new ProjectRefuses(place.projectId, verdict.message);
      if (verdict.confirm !== undefined) confirms.push(verdict.confirm);
    }
    return async () => {
      for (const confirm of confirms) {
        const verdict = await confirm();
        if (verdict.kind === 'refused') throw new ProjectRefuses(place.projectId, verdict.message);
      }
    };
  }

  /** Gives the repository every blob of the group; answers with their rows. */
  async function holdAll(running: Running, repositoryId: number, digests: readonly Digest[]) {
    const { tx, taken, made, used } = running;
    const ids = new Map<Digest, number>();
    const loose: number[] = [];
    for (const [digest, blob] of await manifests.holdBlobs(tx, repositoryId, digests, clock())) {
      ids.set(digest, blob.id);
      if (blob.loose) loose.push(blob.id);
    }
    const unheld = digests.filter((digest) => !ids.has(digest));
    const brought = unheld.flatMap((digest) => (made.has(digest) ? [] : (taken.get(digest) ?? [])));
    const rows = await records.insertAll(
      tx,
      brought.map(({ digest, size, location }) => ({ digest, size, location, at: clock() })),
    );
    for (const bytes of brought) {
      const row = rows.get(bytes.digest);
      if (row?.added === true) used.add(bytes);
      if (row !== undefined) made.set(bytes.digest, row.id);
    }
    for (const digest of unheld) {
      const id = made.get(digest) ?? (await records.touch(tx, digest, clock()));
      if (id === undefined) throw new LostRace(digest);
      ids.set(digest, id);
    }
    // What no manifest of the repository needed is needed again.
    const links = [...loose, ...unheld.flatMap((digest) => ids.get(digest) ?? [])];
    if (links.length > 0) await records.linkAll(tx, repositoryId, links, clock());
    return ids;
  }

  function entryOf(
    repositoryId: number,
    { item, read, blobs, missing }: ReadyManifest,
    ids: ReadonlyMap<Digest, number>,
    tags: readonly TagName[],
  ): ManifestEntry {
    const { parsed, content, digest } = read;
    return {
      manifest: {
        repositoryId,
        digest,
        mediaType: parsed.mediaType,
        content,
        artifactType: parsed.artifactType,
        subject: parsed.subject?.digest,
        annotations: parsed.subject === undefined ? undefined : parsed.annotations,
        description: describeManifest(
          parsed,
          content.length,
          item.tags.map(({ name }) => name),
        ),
        tagged: tags.length > 0,
        at: clock(),
        by,
      },
      references: {
        blobIds: blobs.flatMap((blob) => ids.get(blob.digest) ?? []),
        missing,
        children: parsed.manifests.map((child) => child.digest),
      },
    };
  }

  /** The tags of an item that are to be set, given where they point now. */
  function tagsToSet(running: Running, { target, node, tags }: Item, tagsNow: TagsNow): TagName[] {
    return tags.flatMap(({ name }) => {
      const current = tagsNow.targets.get(name);
      if (current === node.digest) {
        running.tagsPresent += 1;
        return [];
      }
      const kept = current !== undefined && tagsNow.guard?.keeps(target.name, name) === true;
      if (current === undefined || (deps.replaceTags && !kept)) return [name];
      const mend = kept ? 'a rule of the project keeps it.' : '--replace-tags moves it.';
      const message = `The tag ${name} points at ${current} here and at ${node.digest} there; ${mend}`;
      running.skipped.push({ repository: target.source, reference: name, reason: 'tag-differs', message });
      return [];
    });
  }

  async function writeGroup(running: Running, group: Group): Promise<void> {
    const { tx } = running;
    const { target } = group;
    const repositoryId = await repositories.ensure(tx, target.project.id, target.name, clock());
    const sizes = new Map(group.manifests.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size])));
    const confirm = await admit(running, group, sizes);
    const ids = await holdAll(running, repositoryId, [...sizes.keys()].toSorted());
    const items = [...group.present, ...group.manifests.map(({ item }) => item)];
    const names = items.flatMap(({ tags }) => tags.map(({ name }) => name));
    const targets = await store.findTags(tx, repositoryId, names);
    const guard = targets.size === 0 ? undefined : await deps.tagPolicy.guardOf(target.project.id, tx);
    const now: TagsNow = { targets, guard };
    const wanted = group.manifests.map((ready) => ({ ready, tags: tagsToSet(running, ready.item, now) }));
    const entries = wanted.map(({ ready, tags }) => entryOf(repositoryId, ready, ids, tags));
    const put = await manifests.putAll(tx, repositoryId, entries);
    const set = wanted.flatMap(({ ready, tags }) => {
      const manifestId = put.get(ready.read.digest);
      return manifestId === undefined ? [] : tags.map((name) => ({ name, manifestId }));
    });
    for (const item of group.present) {
      const tags = tagsToSet(running, item, now);
      const manifestId = tags.length === 0 ? undefined : await manifests.idOf(tx, repositoryId, item.node.digest);
      if (manifestId !== undefined) set.push(...tags.map((name) => ({ name, manifestId })));
    }
    const place = { repositoryId, at: clock(), by };
    const fresh = set.filter(({ name }) => !targets.has(name));
    // One that was made at this moment is judged by the next try.
    if ((await manifests.addTags(tx, place, fresh)) < fresh.length) throw new LostRace('a tag');
    for (const tag of set.filter(({ name }) => targets.has(name))) await manifests.putTag(tx, { ...place, ...tag });
    await confirm();
    if (group.manifests.length === 0 && set.length === 0) return;
    const latest = clock();
    const named = new Set<string>(set.map(({ name }) => name));
    await store.backdate(tx, repositoryId, {
      manifests: group.manifests.map(({ item: { node } }) => ({ digest: node.digest, at: Math.min(node.at, latest) })),
      tags: items
        .flatMap(({ tags }) => tags)
        .filter(({ name }) => named.has(name))
        .map(({ name, at }) => ({ name, at: Math.min(at, latest) })),
    });
    running.manifests += group.manifests.length;
    running.tagsSet += set.length;
    await audit.write(tx, {
      action: 'import-artifact',
      asker,
      projectId: target.project.id,
      resource: target.name,
      outcome: 'success',
      detail: { manifests: group.manifests.length, tags: set.length, from: deps.source, repository: target.source },
    });
  }

  return function writeBatch({ groups, taken }: PreparedBatch): Promise<WrittenBatch> {
    return transact(async (tx) => {
      const running: Running = {
        tx,
        taken,
        made: new Map(),
        used: new Set(),
        skipped: [],
        manifests: 0,
        tagsSet: 0,
        tagsPresent: 0,
      };
      for (const group of groups) await writeGroup(running, group);
      const notes = [...running.used].flatMap(({ note }) => note ?? []);
      await store.claim(tx, notes);
      return running;
    });
  };
}
