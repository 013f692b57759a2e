import { RegistryError } from '#kernel/errors';
import { createGlob } from '#kernel/glob';
import type { Project } from '#tenancy/projects';
import { cutBatches, type Item, type PreparedBatch, type TargetRepository } from './batch.ts';
import { planRepository } from './plan-repository.ts';
import type { createPrepareBatch } from './prepare-batch.ts';
import type { TakeBlobs, TakenBlob } from './take-blobs.ts';
import { nameTarget } from './target-name.ts';
import type { Tally } from './tally.ts';
import type { ImageSource, ImportOptions } from './types.ts';
import { LostRace, ProjectRefuses, type WrittenBatch } from './write-batch.ts';

export interface ImporterDeps {
  readonly prepareBatch: ReturnType<typeof createPrepareBatch>;
  readonly writeBatch: (batch: PreparedBatch) => Promise<WrittenBatch>;
  readonly takeBlobs: Pick<TakeBlobs, 'drop'>;
  /** The project of that name, made if it is not there. */
  readonly ensureProject: (name: string) => Promise<Project>;
  readonly options: Pick<ImportOptions, 'project' | 'include' | 'untagged'>;
  /** The largest manifest that is taken, in bytes. */
  readonly most: number;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** Blobs may go between the look and the transaction where a collection runs; several times is no accident. */
const mostTries = 4;

/**
 * Takes over what a source holds. One batch is written while the next is read and its blobs are brought in. Whatever
 * was written stays when it is interrupted, and the next run finds it there.
 */
export function createImporter(deps: ImporterDeps): (source: ImageSource) => Promise<void> {
  const { prepareBatch, writeBatch, takeBlobs, ensureProject, options, tally, signal } = deps;
  const patterns = options.include.map(createGlob);
  const isWanted = (name: string) => patterns.length === 0 || patterns.some((matches) => matches(name));
  /** Projects that take no more, with what they said. */
  const full = new Map<number, string>();

  async function* listItems(source: ImageSource): AsyncGenerator<Item> {
    for (const repository of source.repositories(isWanted)) {
      signal.throwIfAborted();
      const name = nameTarget(repository.name, options.project);
      const plan = planRepository(repository, { untagged: options.untagged, most: deps.most });
      for (const skipped of plan.skipped) tally.skip(skipped);
      tally.counts.untagged += plan.untagged;
      if (plan.manifests.length === 0) continue;
      if (typeof name !== 'string') {
        tally.skip({ repository: repository.name, reference: '', ...name });
        continue;
      }
      tally.begin(repository.name);
      const project = await ensureProject(name.slice(0, name.indexOf('/')));
      const target: TargetRepository = {
        source: repository.name,
        name,
        project,
        blobs: repository.blobs,
        known: plan.known,
        reads: plan.reads,
        refused: new Set(plan.faulty),
      };
      for (const { node, tags } of plan.manifests) yield { target, node, tags };
    }
  }

  /** Tells what is left out because its project takes no more; answers with the rest. */
  function withoutFull(batch: PreparedBatch): PreparedBatch {
    const groups = batch.groups.filter(({ target, manifests, present }) => {
      const message = full.get(target.project.id);
      if (message === undefined) return true;
      for (const { tags, node } of [...manifests.map(({ item }) => item), ...present]) {
        const reference = tags.map(({ name }) => name).join(', ') || node.digest;
        tally.skip({ repository: target.source, reference, reason: 'quota-exceeded', message });
      }
      return false;
    });
    return { ...batch, groups };
  }

  async function drop(taken: Iterable<TakenBlob>, used: ReadonlySet<TakenBlob>): Promise<void> {
    const unused = [...taken].filter((blob) => !used.has(blob));
    if (unused.length > 0) await takeBlobs.drop(unused);
  }

  async function write(prepared: PreparedBatch): Promise<void> {
    let first = prepared;
    let batch = withoutFull(first);
    for (let tries = 1; ; ) {
      try {
        const written = await writeBatch(batch);
        tally.note(batch, written);
        await drop(first.taken.values(), written.used);
        return;
      } catch (error) {
        if (error instanceof ProjectRefuses) {
          full.set(error.projectId, error.message);
          batch = withoutFull(batch);
        } else if (isLostRace(error) && tries < mostTries) {
          tries += 1;
          await drop(first.taken.values(), new Set());
          const again = batch.items.filter(({ target, node }) => !target.refused.has(node.digest));
          batch = withoutFull(await prepareBatch(again, new Map()));
          first = batch;
        } else {
          await drop(first.taken.values(), new Set()).catch(() => undefined);
          throw error;
        }
      }
    }
  }

  return async function run(source) {
    let writing: Promise<void> = Promise.resolve();
    let arriving: PreparedBatch['taken'] = new Map();
    try {
      for await (const items of cutBatches(listItems(source))) {
        signal.throwIfAborted();
        const prepared = await prepareBatch(items, arriving);
        try {
          await writing;
          signal.throwIfAborted();
        } catch (error) {
          await drop(prepared.taken.values(), new Set());
          throw error;
        }
        arriving = prepared.taken;
        writing = write(prepared);
        writing.catch(() => undefined);
      }
    } finally {
      await writing;
    }
  };
}

/** Another process took away or changed what this one was about to rely on. */
const isLostRace = (error: unknown) =>
  error instanceof LostRace || (error instanceof RegistryError && error.code === 'conflict');
