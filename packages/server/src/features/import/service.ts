import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { BlobStore } from '#platform/blobs';
import type { BlobRecords } from '#registry/blobs';
import type { createManifestStore } from '#registry/manifests';
import type { PushPolicy, TagPolicy } from '#registry/ports';
import type { createRepositoryStore } from '#registry/repositories';
import type { Audit } from '#tenancy/audit';
import type { Project, Projects } from '#tenancy/projects';
import { createImporter } from './importer.ts';
import { createPrepareBatch } from './prepare-batch.ts';
import type { ImportStore } from './store.ts';
import { createTakeBlobs } from './take-blobs.ts';
import type { Tally } from './tally.ts';
import type { ImageSource, ImportOptions } from './types.ts';
import { createVerifier } from './verifier.ts';
import { createWriteBatch } from './write-batch.ts';

export interface ImportsDeps {
  readonly store: ImportStore;
  readonly manifests: ReturnType<typeof createManifestStore>;
  readonly records: BlobRecords;
  readonly repositories: ReturnType<typeof createRepositoryStore>;
  readonly projects: Pick<Projects, 'find' | 'create'>;
  readonly policies: readonly PushPolicy[];
  readonly tagPolicy: TagPolicy;
  readonly audit: Pick<Audit, 'write'>;
  readonly bytes: BlobStore;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly asker: Asker;
  /** The largest manifest that is taken, in bytes. */
  readonly most: number;
  readonly requireChildren: boolean;
}

export interface ImportRun {
  readonly source: ImageSource;
  readonly options: ImportOptions;
  readonly tally: Tally;
  /** Files of the source that changed before this time, in milliseconds, are on the disk. */
  readonly syncedBefore: number;
  readonly signal: AbortSignal;
}

export interface Imports {
  /**
   * Takes over what the source holds; the tally says what came of it. What cannot be taken is told there and does not
   * stop the rest. Rejects with what the database or the blob store fail with, and with the signal's reason.
   */
  run(run: ImportRun): Promise<void>;
}

export function createImports(deps: ImportsDeps): Imports {
  const { store, projects, bytes, transact, clock, asker, most, requireChildren } = deps;

  function createEnsureProject(tally: Tally) {
    const known = new Map<string, Project>();
    return async (name: string): Promise<Project> => {
      const project = known.get(name) ?? (await projects.find(name, true)) ?? (await make(name, tally));
      known.set(name, project);
      return project;
    };
  }

  async function make(name: string, tally: Tally): Promise<Project> {
    try {
      const made = await projects.create(asker, { name, public: false });
      tally.madeProject(name);
      return made;
    } catch (error) {
      if (!(error instanceof RegistryError && error.code === 'project-exists')) throw error;
      const there = await projects.find(name, true);
      if (there === undefined) throw error;
      return there;
    }
  }

  return {
    async run({ source, options, tally, syncedBefore, signal }) {
      await transact((tx) => store.prepare(tx), { durable: false, unread: true });
      await using verifier = createVerifier(options.jobs);
      const takeBlobs = createTakeBlobs({ bytes, store, verifier, transact, clock, options, syncedBefore });
      const run = createImporter({
        prepareBatch: createPrepareBatch({ store, takeBlobs, options, most, requireChildren, skip: tally.skip }),
        writeBatch: createWriteBatch({ ...deps, replaceTags: options.replaceTags, source: source.description }),
        takeBlobs,
        ensureProject: createEnsureProject(tally),
        options,
        most,
        tally,
        signal,
      });
      await run(source);
    },
  };
}
