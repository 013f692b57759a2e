import type { Digest } from '@entrepot/oci/digest';
import { parseTagName } from '@entrepot/oci/tag';
import { ask, broken, type Desk, type Place } from './desk.ts';
import type { Begun } from './model.ts';
import { asker } from './node.ts';

/** With what is asked for may come whatever belonged to it: parts of an index, what was attached. */
function mayComeBack({ model }: Place): Begun[] {
  return [...model.manifests.values()].flatMap((manifest) => [
    model.addManifest(manifest, 'maybe'),
    ...manifest.blobs.map((blob) => model.addBlob(blob, 'maybe')),
  ]);
}

const finish = (happenings: readonly Begun[], done: boolean) => {
  for (const happening of happenings) {
    if (done) happening.acknowledge();
    else happening.refuse();
  }
};

const restoreRefusals = new Set(['object-not-found', 'conflict']);

/** Has something back that was deleted. */
export async function restore(desk: Desk, place: Place): Promise<void> {
  const { node, gate, chance } = desk;
  const listed = (await desk.listDeletions(place.project.id)).filter(({ repository }) => repository === place.name);
  if (listed.length === 0) return;
  const deletion = chance.pick(listed);
  const others = mayComeBack(place);
  const surely = deletion.digests.flatMap((digest) => {
    const manifest = place.model.manifests.get(digest);
    return manifest === undefined ? [] : [place.model.addManifest(manifest)];
  });
  const tags = deletion.tags.map(({ name, digest }) => place.model.writeTag(name, digest, 'maybe'));
  await gate.pass('restore', async () => undefined);
  const answer = await ask(() => node.undo.restore(asker, place.project, deletion.id));
  if ('code' in answer) {
    desk.note(`restored ${deletion.id}: ${answer.code}`);
    if (!restoreRefusals.has(answer.code)) broken(`a restoration is refused with ${answer.code}`);
    finish([...others, ...surely, ...tags], false);
    return;
  }
  desk.note(`restored ${deletion.id} in ${place.name}: ${JSON.stringify(answer.value)}`);
  const lost = answer.value.left.find(({ tag }) => tag === undefined);
  if (lost !== undefined) broken(`${lost.digest} cannot be had back: ${lost.reason}`);
  // What somebody else had back meanwhile came with that, and may have gone again.
  const { artifacts, tags: tagged, alreadyThere } = answer.value;
  const whole = artifacts + tagged + alreadyThere >= deletion.digests.length + deletion.tags.length;
  finish(surely, whole);
  finish([...others, ...tags], true);
}

const rollbackRefusals = new Set(['object-not-found', 'conflict', 'repository-not-found', 'precondition-failed']);

/** Points a tag where it pointed before, or at something that it once pointed at. */
export async function rollBack(desk: Desk, place: Place, tag: string, to: Digest | undefined): Promise<void> {
  const { node, gate, model } = desk;
  const start = model.tick();
  const others = mayComeBack(place);
  const writes = [...place.model.manifests.keys()].map((digest) => ({
    digest,
    written: place.model.writeTag(tag, digest),
  }));
  await gate.pass('roll back', async () => undefined);
  const target = to === undefined ? ({ kind: 'previous' } as const) : ({ kind: 'digest', digest: to } as const);
  const answer = await ask(() =>
    node.rollback.rollBack(asker, place.project, place.name, parseTagName(tag), { target, onlyIf: undefined }),
  );
  const reached = 'value' in answer ? answer.value.to : undefined;
  desk.note(`rolled ${place.name}:${tag} back: ${reached ?? ('code' in answer && answer.code)}`);
  for (const { digest, written } of writes) {
    if (digest === reached) written.acknowledge();
    else written.refuse();
  }
  // What was pushed after this began, and gone again, it may have found as well.
  if (reached !== undefined && !writes.some(({ digest }) => digest === reached)) {
    place.model.writeTag(tag, reached, 'maybe').acknowledge();
    finish(mayComeBack(place), true);
  }
  finish(others, reached !== undefined);
  if (!('code' in answer)) return;
  if (!rollbackRefusals.has(answer.code)) broken(`a tag is not rolled back: ${answer.code}`);
  if (answer.code === 'conflict' && to !== undefined) {
    const look = { start, end: model.tick() };
    if (place.model.manifestAt(to, look) === 'there')
      broken(`${place.name}:${tag} cannot point at ${to}, which is there`);
  }
}
