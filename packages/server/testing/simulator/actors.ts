import type { Digest } from '@entrepot/oci/digest';
import { anImage, anIndex, type KnownManifest, someConfigs, someLayers } from './content.ts';
import type { Desk, Place } from './desk.ts';
import { ages } from './node.ts';
import {
  addTag,
  collect,
  deleteBlob,
  deleteManifest,
  deleteRepository,
  deleteTag,
  head,
  mount,
  pull,
  pushManifest,
  upload,
} from './requests.ts';
import { restore, rollBack } from './restorations.ts';

const tags = ['a', 'b'] as const;

function somePlace({ chance, places }: Desk): Place {
  return chance.pick(places);
}

/** A manifest that somebody at least tried to push here. */
function someManifest({ chance }: Desk, place: Place): KnownManifest | undefined {
  const known = [...place.model.manifests.values()];
  return known.length === 0 ? undefined : chance.pick(known);
}

/** Brings a blob to the repository as clients do: looks first, mounts, or uploads it. */
async function bring(desk: Desk, place: Place, digest: Digest): Promise<void> {
  const way = desk.chance.weighted({ upload: 3, head: 5, mount: 3, search: 1 });
  if (way === 'head' && (await head(desk, place, digest))) return;
  if (way === 'mount' && (await mount(desk, place, desk.chance.pick(desk.places), digest))) return;
  if (way === 'search' && (await mount(desk, place, undefined, digest))) return;
  await upload(desk, place, digest);
}

async function pushImage(desk: Desk): Promise<void> {
  const { chance } = desk;
  const place = somePlace(desk);
  const layers = [...new Set([chance.pick(someLayers), chance.pick(someLayers)])].slice(0, chance.between(1, 2));
  const subject = chance.percent(20) ? someManifest(desk, place) : undefined;
  const image = anImage(chance.pick(someConfigs), layers, subject);
  for (const blob of image.blobs) await bring(desk, place, blob);
  await pushManifest(desk, place, image, chance.percent(60) ? { tag: chance.pick(tags) } : {});
}

async function pushIndex(desk: Desk): Promise<void> {
  const { chance } = desk;
  const place = somePlace(desk);
  const first = someManifest(desk, place);
  const second = someManifest(desk, place);
  if (first === undefined || second === undefined) return pushImage(desk);
  await pushManifest(desk, place, anIndex([first, second]), chance.percent(50) ? { tag: chance.pick(tags) } : {});
}

/** Points a tag at something that is there already, as a promotion does. */
async function moveTag(desk: Desk): Promise<void> {
  const { chance } = desk;
  const place = somePlace(desk);
  const manifest = someManifest(desk, place);
  if (manifest === undefined) return pushImage(desk);
  const tag = chance.pick(tags);
  const how = chance.weighted({ push: 3, add: 2, swap: 2, first: 1 });
  if (how === 'add') return addTag(desk, place, manifest.digest, tag);
  const other = someManifest(desk, place);
  const onlyIf = how === 'swap' ? other?.digest : how === 'first' ? 'absent' : undefined;
  await pushManifest(desk, place, manifest, { tag, ...(onlyIf && { onlyIf }) });
}

async function pullSome(desk: Desk): Promise<void> {
  const place = somePlace(desk);
  const manifest = someManifest(desk, place);
  if (manifest === undefined || desk.chance.percent(50)) await pull(desk, place, { tag: desk.chance.pick(tags) });
  else await pull(desk, place, { digest: manifest.digest });
}

async function deleteSome(desk: Desk): Promise<void> {
  const { chance } = desk;
  const place = somePlace(desk);
  const what = chance.weighted({ tag: 4, manifest: 5, whole: 3, repository: 2, blob: 1 });
  if (what === 'repository') return deleteRepository(desk, place);
  if (what === 'tag') return deleteTag(desk, place, chance.pick(tags));
  const manifest = someManifest(desk, place);
  if (manifest === undefined) return;
  if (what === 'blob') {
    if (manifest.blobs.length > 0) await deleteBlob(desk, place, chance.pick(manifest.blobs));
  } else await deleteManifest(desk, place, manifest.digest, what === 'whole');
}

async function haveBack(desk: Desk): Promise<void> {
  const place = somePlace(desk);
  if (desk.chance.percent(60)) return restore(desk, place);
  const manifest = desk.chance.percent(50) ? someManifest(desk, place) : undefined;
  await rollBack(desk, place, desk.chance.pick(tags), manifest?.digest);
}

const spans = {
  moment: 30_000,
  touch: ages.graceMs / 10,
  condemned: ages.condemnedMs,
  grace: ages.graceMs,
  trash: ages.trashMs,
} as const;

/** Time goes on by what a stage of the collection waits, now and then by a millisecond more or less. */
async function wait({ gate, chance, advance, note }: Desk, span: keyof typeof spans): Promise<void> {
  await gate.pass('wait', async () => {
    const ms = spans[span] + chance.between(-1, 1);
    advance(ms);
    note(`${ms} ms go by`);
  });
}

/** Long enough for everything that was deleted to be condemned, and then for it to go while others push it again. */
async function waitAndRemove(desk: Desk): Promise<void> {
  await wait(desk, 'trash');
  await wait(desk, 'grace');
  await collect(desk, false);
  await wait(desk, 'condemned');
  await wait(desk, 'moment');
  await collect(desk, false);
}

/** A client of the registry on one errand. */
export async function actAsClient(desk: Desk): Promise<void> {
  const what = desk.chance.weighted({ push: 5, index: 1, move: 2, pull: 3, remove: 4, back: 2 });
  const errands = {
    push: pushImage,
    index: pushIndex,
    move: moveTag,
    pull: pullSome,
    remove: deleteSome,
    back: haveBack,
  };
  await errands[what](desk);
}

/** The registry's own work, while time goes by. */
export async function actAsKeeper(desk: Desk): Promise<void> {
  const { chance } = desk;
  const what = chance.weighted({ wait: 3, collect: 4, sweep: 2, both: 2, remove: 2 });
  const span = chance.weighted({ moment: 2, touch: 2, condemned: 3, grace: 5, trash: 2 });
  if (what === 'remove') return waitAndRemove(desk);
  if (what === 'wait' || what === 'both') await wait(desk, span);
  if (what !== 'wait') await collect(desk, what === 'sweep');
}
