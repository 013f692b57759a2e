import type { Digest } from '@entrepot/oci/digest';
import { parseTagName } from '@entrepot/oci/tag';
import { bytesOf, type KnownManifest } from './content.ts';
import { ask, broken, type Desk, type Place, shorten } from './desk.ts';
import type { Look } from './model.ts';
import { asker } from './node.ts';

const owner = 'user:0';

async function* inParts(parts: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

function codeOf(answer: { readonly value: unknown } | { readonly code: string }): string | undefined {
  return 'code' in answer ? answer.code : undefined;
}

/** Uploads a blob whole or in two chunks, perhaps to give it up. */
export async function upload(desk: Desk, place: Place, digest: Digest): Promise<void> {
  const { node, gate, chance } = desk;
  const bytes = bytesOf(digest);
  const added = place.model.addBlob(digest);
  await gate.pass('upload: begin', async () => undefined);
  const key = await node.uploads.begin({ owner, repository: place.name, projectId: place.project.id }, 'sha256');
  let sent = 0;
  const chunks = chance.weighted({ none: 6, one: 3, two: 1 });
  if (chunks !== 'none') {
    for (let count = chunks === 'one' ? 1 : 2; count > 0; count -= 1) {
      const end = chance.between(sent, bytes.length);
      const taken = await ask(() => node.uploads.append(key, { source: inParts([bytes.subarray(sent, end)]) }));
      if ('code' in taken) {
        if (taken.code !== 'upload-not-found') broken(`a chunk is refused with ${taken.code}`);
        added.refuse();
        return;
      }
      sent = end;
    }
    if (chance.percent(10)) {
      await node.uploads.cancel(key);
      added.refuse();
      return;
    }
  }
  const rest = bytes.subarray(sent);
  const finished = await ask(() =>
    node.uploads.finish(key, digest, rest.length === 0 ? undefined : { source: inParts([rest]) }),
  );
  const code = codeOf(finished);
  // An upload that lay there for a week while the clock jumped may be purged; nobody was told that it stays.
  if (code === 'upload-not-found' || code === 'upload-invalid') added.refuse();
  else if (code !== undefined) broken(`an upload to ${place.name} is refused with ${code}`);
  else added.acknowledge();
}

/** Asks whether the blob is there, as clients do before they upload. Answers what it was told. */
export async function head(desk: Desk, place: Place, digest: Digest): Promise<boolean> {
  const { node, gate, model, clock } = desk;
  const at = clock();
  const start = model.tick();
  await gate.pass('head: get', async () => undefined);
  const answer = await ask(async () => {
    const blob = await node.blobs.get(place.project, place.name, digest);
    await node.blobs.rely(place.project, place.name, blob, digest);
  });
  const look = { start, end: model.tick() };
  const code = codeOf(answer);
  if (code === undefined) {
    if (place.model.blobAt(digest, look) === 'gone')
      broken(`HEAD finds ${digest} in ${place.name}, which it never got`);
    place.model.relyOn(digest, look, at);
    return true;
  }
  if (code !== 'blob-not-found') broken(`HEAD of a blob is answered with ${code}`);
  if (place.model.blobAt(digest, look) === 'there') broken(`HEAD does not find ${digest} in ${place.name}`);
  return false;
}

/** Mounts the blob from another repository. Answers whether it could. */
export async function mount(desk: Desk, place: Place, from: Place | undefined, digest: Digest): Promise<boolean> {
  const { node, gate, model } = desk;
  const start = model.tick();
  const added = place.model.addBlob(digest);
  await gate.pass('mount', async () => undefined);
  const mounted = await node.blobs.mount(asker.actor, {
    digest,
    project: place.project,
    repository: place.name,
    from: from && { project: from.project, repository: from.name },
    asker,
  });
  if (mounted !== undefined) {
    added.acknowledge();
    return true;
  }
  added.refuse();
  const look = { start, end: model.tick() };
  if (from?.model.blobAt(digest, look) === 'there') broken(`${digest} cannot be mounted from ${from.name}`);
  return false;
}

export interface ManifestPush {
  readonly tag?: string;
  readonly onlyIf?: Digest | 'absent';
}

/** Pushes a manifest whose parts are there, as far as anybody knows. Answers whether it was taken. */
export async function pushManifest(
  desk: Desk,
  place: Place,
  manifest: KnownManifest,
  { tag, onlyIf }: ManifestPush,
): Promise<boolean> {
  const { node, gate, model } = desk;
  const start = model.tick();
  const added = place.model.addManifest(manifest);
  const written = tag === undefined ? undefined : place.model.writeTag(tag, manifest.digest);
  await gate.pass('push manifest', async () => undefined);
  const answer = await ask(() =>
    node.manifests.push(asker, place.project, place.name, {
      reference:
        tag === undefined ? { kind: 'digest', digest: manifest.digest } : { kind: 'tag', tag: parseTagName(tag) },
      tags: [],
      content: manifest.bytes,
      contentType: manifest.mediaType,
      onlyIf,
      mayBeSparse: false,
    }),
  );
  const code = codeOf(answer);
  desk.note(`pushed ${place.name}${tag === undefined ? '' : `:${tag}`}@${manifest.digest}: ${code ?? 'done'}`);
  if (code === undefined) {
    // The tag is known to point there no earlier than the manifest is known to be there.
    added.acknowledge();
    written?.acknowledge();
    return true;
  }
  added.refuse();
  written?.refuse();
  const look = { start, end: model.tick() };
  if (code === 'manifest-blob-unknown') {
    const excused =
      manifest.blobs.some((blob) => place.model.blobAt(blob, look) !== 'there') ||
      manifest.children.some((child) => place.model.manifestAt(child, look) !== 'there');
    if (!excused) broken(`a manifest in ${place.name} is refused though all it needs was acknowledged`);
    return false;
  }
  if (code === 'precondition-failed' && onlyIf !== undefined && tag !== undefined) {
    const targets = place.model.targetsOf(tag, look);
    const wanted = onlyIf === 'absent' ? undefined : onlyIf;
    if (targets.size === 1 && targets.has(wanted)) broken(`a tag is refused though it points where it was expected`);
    return false;
  }
  return broken(`a manifest is refused with ${code}`);
}

async function read(source: Awaited<ReturnType<Desk['node']['blobs']['open']>>): Promise<Buffer> {
  if (source instanceof Uint8Array) return Buffer.from(source);
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Pulls a blob of a manifest that was found since `since`. */
async function pullBlob(desk: Desk, place: Place, owners: KnownManifest, digest: Digest, since: number): Promise<void> {
  const { node, gate, model, clock } = desk;
  await gate.pass('pull: blob', async () => undefined);
  const begun = clock();
  const answer = await ask(async () => {
    const blob = await node.blobs.get(place.project, place.name, digest);
    return read(await node.blobs.open(blob, digest));
  });
  const code = codeOf(answer);
  if ('value' in answer) {
    if (!answer.value.equals(bytesOf(digest))) broken(`the bytes of ${digest} in ${place.name} are not its own`);
    return;
  }
  if (code !== 'blob-not-found') broken(`a blob is answered with ${code}`);
  const look: Look = { start: since, end: model.tick() };
  // Found, and its bytes gone before they were opened: only where the clock jumped over the whole trash meanwhile.
  if (clock() !== begun) return;
  if (place.model.manifestAt(owners.digest, look) === 'there')
    broken(`${owners.digest} is in ${place.name} without its blob ${digest}`);
  if (place.model.blobAt(digest, look) === 'there') broken(`${digest} is lost in ${place.name}`);
}

/** Pulls what a tag or digest names, with its parts. */
export async function pull(desk: Desk, place: Place, reference: { tag: string } | { digest: Digest }): Promise<void> {
  const { node, gate, model } = desk;
  const start = model.tick();
  await gate.pass('pull: manifest', async () => undefined);
  const answer = await ask(async () => {
    const found = await node.manifests.find(
      place.project,
      place.name,
      'tag' in reference
        ? { kind: 'tag', tag: parseTagName(reference.tag) }
        : { kind: 'digest', digest: reference.digest },
    );
    return { digest: found.digest, content: Buffer.from(await node.manifests.content(found), 'latin1') };
  });
  const look = { start, end: model.tick() };
  const code = codeOf(answer);
  if (code !== undefined && code !== 'manifest-not-found') broken(`a pull is answered with ${code}`);
  const digest = 'value' in answer ? answer.value.digest : undefined;
  if ('tag' in reference) {
    const targets = place.model.targetsOf(reference.tag, look);
    if (!targets.has(digest)) {
      const list = [...targets].map((target) => target ?? 'nothing').join(' or ');
      broken(`${place.name}:${reference.tag} points at ${digest ?? 'nothing'}, not at ${list}`);
    }
  } else {
    const standing = place.model.manifestAt(reference.digest, look);
    if (digest === undefined && standing === 'there') broken(`${reference.digest} is lost in ${place.name}`);
    if (digest !== undefined && standing === 'gone')
      broken(`${reference.digest} was deleted in ${place.name} and is back`);
  }
  if (!('value' in answer)) return;
  const manifest = place.model.manifests.get(answer.value.digest);
  if (manifest === undefined) return broken(`${place.name} has a manifest that nobody pushed`);
  if (!answer.value.content.equals(manifest.bytes)) broken(`the bytes of ${manifest.digest} are not its own`);
  desk.note(shorten(`pulls ${manifest.digest}`));
  for (const blob of manifest.blobs) await pullBlob(desk, place, manifest, blob, look.end);
  for (const child of manifest.children) {
    if (place.model.manifests.has(child)) await pull(desk, place, { digest: child });
  }
}

type Refusals = ReadonlySet<string>;

const none: Refusals = new Set();

/** Sends a deletion and tells the happenings what came of it. */
async function remove(
  desk: Desk,
  what: string,
  happenings: readonly { acknowledge(): void; refuse(): void }[],
  work: () => Promise<unknown>,
  refusals: Refusals,
): Promise<string | undefined> {
  const code = codeOf(await ask(work));
  desk.note(`${what}: ${code ?? 'done'}`);
  if (code !== undefined && !refusals.has(code)) broken(`a deletion is answered with ${code}`);
  for (const happening of happenings) {
    if (code === undefined) happening.acknowledge();
    else happening.refuse();
  }
  return code;
}

export async function deleteTag(desk: Desk, place: Place, tag: string): Promise<void> {
  const { node, gate, model } = desk;
  const start = model.tick();
  const written = place.model.writeTag(tag, undefined);
  await gate.pass('delete tag', async () => undefined);
  const reference = { kind: 'tag', tag: parseTagName(tag) } as const;
  const code = await remove(
    desk,
    `deleted ${place.name}:${tag}`,
    [written],
    () => node.manifests.delete(asker, place.project, place.name, reference),
    new Set(['manifest-not-found']),
  );
  if (code === undefined) return;
  const targets = place.model.targetsOf(tag, { start, end: model.tick() });
  if (!targets.has(undefined)) broken(`${place.name}:${tag} cannot be deleted, as if it were not there`);
}

export async function deleteManifest(desk: Desk, place: Place, digest: Digest, whole: boolean): Promise<void> {
  const { node, gate, model } = desk;
  const start = model.tick();
  const removed = whole ? place.model.fell(digest) : place.model.removeManifest(digest);
  await gate.pass(whole ? 'delete whole' : 'delete manifest', async () => undefined);
  const code = await remove(
    desk,
    `deleted ${whole ? 'whole ' : ''}${place.name}@${digest}`,
    [removed],
    () =>
      whole
        ? node.upkeep.deleteWhole(asker, place.project, place.name, digest)
        : node.manifests.delete(asker, place.project, place.name, { kind: 'digest', digest }),
    new Set(['manifest-not-found', 'repository-not-found', ...(whole ? ['precondition-failed'] : none)]),
  );
  if (code === undefined || code === 'precondition-failed') return;
  if (place.model.manifestAt(digest, { start, end: model.tick() }) === 'there')
    broken(`${digest} cannot be deleted in ${place.name}, as if it were not there`);
}

export async function deleteRepository(desk: Desk, place: Place): Promise<void> {
  const cleared = place.model.clear();
  await desk.gate.pass('delete repository', async () => undefined);
  await remove(
    desk,
    `deleted ${place.name}`,
    [cleared],
    () => desk.node.upkeep.deleteRepository(asker, place.project, place.name),
    new Set(['repository-not-found']),
  );
}

export async function deleteBlob(desk: Desk, place: Place, digest: Digest): Promise<void> {
  const removed = place.model.removeBlob(digest);
  await desk.gate.pass('delete blob', async () => undefined);
  await remove(
    desk,
    `deleted the blob ${digest} in ${place.name}`,
    [removed],
    () => desk.node.blobs.delete(asker, place.project, place.name, digest),
    new Set(['blob-not-found', 'unsupported']),
  );
}

export async function addTag(desk: Desk, place: Place, digest: Digest, tag: string): Promise<void> {
  const written = place.model.writeTag(tag, digest);
  await desk.gate.pass('add tag', async () => undefined);
  await remove(
    desk,
    `tagged ${place.name}@${digest} as ${tag}`,
    [written],
    () => desk.node.upkeep.addTag(asker, place.project, place.name, digest, parseTagName(tag)),
    new Set(['conflict', 'manifest-not-found', 'repository-not-found']),
  );
}

/** Takes away what nobody needs. */
export async function collect(desk: Desk, untagged: boolean): Promise<void> {
  const over = untagged ? desk.model.sweep() : () => undefined;
  await desk.gate.pass('collect', async () => undefined);
  const done = await desk.node.collection.collect({
    untagged,
    dryRun: false,
    signal: new AbortController().signal,
    log: (line) => desk.note(shorten(line)),
    report: () => undefined,
  });
  over();
  desk.note(`collected ${JSON.stringify(done)}`);
}
