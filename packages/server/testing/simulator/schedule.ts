import { repositoryName } from '#testing/rows';
import { actAsClient, actAsKeeper } from './actors.ts';
import { type Chance, makeChance } from './chance.ts';
import { broken, type Desk, type Place, type RestorableDeletion, shorten } from './desk.ts';
import { createSteppedGate, type Gate } from './gate.ts';
import { createModel } from './model.ts';
import { ages, asker, touchEveryMs } from './node.ts';
import { collect, pull } from './requests.ts';
import { assertAccounts, assertEmpty, assertHistory, assertSound, findOrphans, wipe, type World } from './world.ts';

const repositories = [
  { project: 0, name: 'alpha/one' },
  { project: 0, name: 'alpha/two' },
  { project: 1, name: 'beta/one' },
].map(({ project, name }) => ({ project, name: repositoryName(name) }));

/** Schedules of one group follow each other on one store; then everything is looked at, deleted, and must be gone. */
export const schedulesPerGroup = 20;

export interface GroupOptions {
  /** The number of its first schedule, which is its seed. */
  readonly first: number;
  readonly schedules: number;
  /** How steps are let go; one at a time by chance unless told. */
  readonly createGate?: typeof createSteppedGate;
  /** Whether processes die now and then. */
  readonly crashes?: boolean;
  /** Looks at all rows after each schedule, not only after the last one. */
  readonly thorough?: boolean;
  /** Told of each step of a schedule; of what follows them all with the number of the last one. */
  readonly onStep?: (line: string, schedule: number) => void;
  readonly onSchedule?: (schedule: number) => void;
}

export interface GroupResult {
  readonly steps: number;
  readonly crashes: number;
}

const allOfThem = { page: 1, pageSize: 100, conditions: [], sort: [] };

async function listDeletions({ stores }: World, projectId: number): Promise<readonly RestorableDeletion[]> {
  const { entries } = await stores.deletionReads.list(projectId, allOfThem);
  const found: RestorableDeletion[] = [];
  for (const { id, repository } of entries) {
    const artifacts = await stores.deletionReads.artifactsOf(id, 100);
    const tags = await stores.deletionReads.tagsOf(id, 100);
    found.push({ id, repository, digests: artifacts.map(({ digest }) => digest), tags });
  }
  return found;
}

/** Every manifest and tag that must be there is there and whole, and nothing that must be gone is. */
async function verify(desk: Desk): Promise<void> {
  for (const place of desk.places) {
    for (const digest of place.model.manifests.keys()) await pull(desk, place, { digest });
    for (const tag of place.model.tags) await pull(desk, place, { tag });
  }
}

/** Deletes everything and lets every time go by: nothing may be left. */
async function end(desk: Desk, world: World): Promise<void> {
  const { node, places, advance } = desk;
  for (const { project, name } of places) {
    await node.upkeep.deleteRepository(asker, project, name).catch(() => undefined);
  }
  advance(ages.undoMs + ages.graceMs + 1);
  await node.uploads.purge(ages.graceMs);
  for (const ms of [0, ages.condemnedMs, ages.trashMs]) {
    advance(ms);
    await collect(desk, false);
  }
  await assertAccounts(world);
  await assertEmpty(world);
}

/** What was under way in a process that died is nobody's; a sweep of the store takes it. */
async function dropOrphans(world: World): Promise<void> {
  const { blobs, stages } = await findOrphans(world);
  for (const location of blobs) await world.bytes.delete(location);
  for (const id of stages) await world.bytes.cancel(id, '{}');
}

/** Runs schedules in a world that is empty, and leaves it so. Rejects with what did not hold. */
export async function runGroup(world: World, options: GroupOptions): Promise<GroupResult> {
  const { first, onStep } = options;
  let [steps, crashes, now] = [0, 0, first];
  let chance: Chance = makeChance(first);
  const gate: Gate = (options.createGate ?? createSteppedGate)({
    chance: () => chance,
    onStep(actor, what) {
      steps += 1;
      onStep?.(`${actor}: ${what}`, now);
    },
  });
  const model = createModel({
    repositories: repositories.map(({ name }) => name),
    clock: world.clock,
    graceMs: ages.graceMs - touchEveryMs - 1,
  });
  const places: Place[] = repositories.map(({ project, name }, index) => {
    const [owner, known] = [world.projects[project], model.repositories[index]];
    if (owner === undefined || known === undefined) throw new Error(`there is no place for ${name}`);
    return { project: owner, name, model: known };
  });
  let node = world.startNode(gate);
  const desk = (): Desk => ({
    node,
    gate,
    model,
    places,
    chance,
    clock: world.clock,
    advance: world.advance,
    listDeletions: (projectId) => listDeletions(world, projectId),
    note: (line) => onStep?.(`    ${shorten(line)}`, now),
  });

  async function runOne(): Promise<void> {
    const dies = options.crashes !== false && chance.percent(5);
    const clients = chance.between(2, 3);
    for (let client = 1; client <= clients; client += 1) gate.start(`client ${client}`, () => actAsClient(desk()));
    gate.start('keeper', () => actAsKeeper(desk()));
    if (await gate.run(dies ? chance.between(2, 25) : undefined)) return;
    onStep?.('the process dies', now);
    crashes += 1;
    gate.crash();
    model.crash();
    await dropOrphans(world);
    node = world.startNode(gate);
  }

  async function alone(name: string, act: () => Promise<void>): Promise<void> {
    gate.hold(false);
    gate.start(name, act);
    await gate.run();
    gate.hold(true);
  }

  for (; now < first + options.schedules; now += 1) {
    chance = makeChance(now);
    options.onSchedule?.(now);
    await runOne();
    if (options.thorough === true) await assertSound(world);
  }
  now -= 1;
  const orphans = await findOrphans(world);
  if (orphans.blobs.length > 0) broken(`bytes are in the store that nobody names: ${orphans.blobs.join(', ')}`);
  await assertSound(world);
  await assertHistory(world);
  await assertAccounts(world);
  await alone('verify', () => verify(desk()));
  await alone('end', () => end(desk(), world));
  await wipe(world);
  return { steps, crashes };
}
