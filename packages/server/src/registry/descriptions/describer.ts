import { parseManifest } from '@entrepot/oci/manifest';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { BlobStore } from '#platform/blobs';
import { extraAttrsOf } from './extra-attrs.ts';
import { describeManifest } from './rules.ts';
import type { DescriptionStore, UndescribedManifest } from './store.ts';
import type { Description } from './types.ts';

/**
 * Writes down what lists show of artifacts: after a push, when somebody looks, and in the background for what was pushed
 * before there were descriptions. What cannot be read stays empty and fails nobody.
 */
export interface Describer extends AsyncDisposable {
  /** Describes those of the manifests that are not described yet. Answers whether there were any. */
  describe(ids: readonly number[]): Promise<boolean>;
  /** Something was pushed: the background pass has something to do soon. */
  notice(): void;
  /** Describes everything that is not described yet, a little at a time. */
  describeAll(): Promise<void>;
}

export interface DescriberDeps {
  readonly store: DescriptionStore;
  readonly bytes: Pick<BlobStore, 'open'>;
  readonly transact: Transact;
  /** Told when the database or the blob store failed; the next pass tries again. */
  readonly onError: (error: unknown) => void;
}

const largestConfig = 1024 * 1024;

/** After a push the client has its answer first, and pushes that follow each other share a transaction. */
const passMs = 250;
const perPass = 50;

export function createDescriber({ store, bytes, transact, onError }: DescriberDeps): Describer {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let ended = false;

  async function readConfig(manifestId: number, { config, type }: Description): Promise<string | undefined> {
    if (config === undefined || config.size > largestConfig) return undefined;
    const blob = await store.findBlob(manifestId, config.digest);
    if (blob === undefined || blob.size > largestConfig) return undefined;
    const content = Buffer.alloc(blob.size);
    let filled = 0;
    for await (const chunk of await bytes.open(blob.location)) filled += (chunk as Buffer).copy(content, filled);
    return extraAttrsOf(type, content.subarray(0, filled));
  }

  async function describeOne({ id, mediaType, content, tags }: UndescribedManifest) {
    const description = readDescription(mediaType, content, tags);
    try {
      return [{ id, description, extraAttrs: await readConfig(id, description) }];
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'blob-not-found') {
        return [{ id, description, extraAttrs: undefined }];
      }
      onError(error);
      return [];
    }
  }

  async function describe(ids: readonly number[]): Promise<boolean> {
    const manifests = await store.load(ids);
    if (manifests.length === 0) return false;
    const described = (await Promise.all(manifests.map(describeOne))).flat();
    if (described.length === 0) return false;
    // No request on the data plane reads a description, so nothing that is remembered there goes stale.
    await transact(
      async (tx) => {
        for (const { id, description, extraAttrs } of described) await store.save(tx, id, description, extraAttrs);
      },
      { durable: false, unread: true },
    );
    return true;
  }

  async function pass(): Promise<void> {
    for (let after = 0; !ended; ) {
      const ids = await store.pending(after, perPass);
      if (ids.length === 0) return;
      await describe(ids);
      after = ids.at(-1) ?? after;
      // Requests come first.
      if (ids.length === perPass) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function describeAll(): Promise<void> {
    running ??= pass()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    describe,
    describeAll,
    notice() {
      if (ended || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        // A pass that is under way may be past what was pushed meanwhile.
        void (running ?? Promise.resolve()).then(describeAll);
      }, passMs);
      timer.unref();
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** What an older build took and this one cannot read is shown as far as it goes. */
function readDescription(mediaType: string, content: Uint8Array, tags: readonly string[]): Description {
  try {
    return describeManifest(parseManifest(content, mediaType), content.length, tags);
  } catch {
    return {
      type: 'UNKNOWN',
      configType: mediaType,
      ownSize: content.length,
      annotations: undefined,
      children: [],
      attachment: undefined,
      config: undefined,
    };
  }
}
