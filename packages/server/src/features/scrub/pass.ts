import { hash } from 'node:crypto';
import { type Digest, digestAlgorithm, toDigest } from '@entrepot/oci/digest';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { WalkedBlob } from '#platform/blobs/capabilities';
import type { Logger } from '#platform/log';
import type { Audit } from '#tenancy/audit';
import type { CheckOptions } from './check-bytes.ts';
import type { Orphans } from './orphans.ts';
import type { Inspect } from './quarantine.ts';
import type { Repair } from './repair.ts';
import type { Cursor, KeptManifest, ScrubStore } from './store.ts';
import type { PassTally } from './types.ts';

export interface PassDeps {
  readonly store: ScrubStore;
  readonly inspect: Inspect;
  readonly repair: Repair;
  readonly orphans: Orphans;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

export interface PassOptions extends CheckOptions {
  readonly asker: Asker;
  /** What was looked at since then is passed over, so that a pass that is begun again goes on. */
  readonly since: number;
  /** Whether bytes that nobody names are looked for too. */
  readonly sweep: boolean;
  readonly tally: PassTally;
  readonly onProgress: () => void;
}

const blobsAtOnce = 500;
const manifestsAtOnce = 100;
/** What was looked at is written down so often. */
const noteBlobs = 64;
const noteMs = 2000;
/** So many in a row without an answer, and the store is away. */
const mostUnknown = 20;
/** What it costs to open a blob, in bytes: a store of many small ones is not to be read at full speed. */
const openingBytes = 16 * 1024;
const orphansAtOnce = 50;

/**
 * Looks at every blob and manifest that was not looked at since, quarantines what is damaged, discards what nobody
 * names, and mends what can be. Fails with `unavailable` when the store does not answer.
 */
export async function runPass(deps: PassDeps, options: PassOptions): Promise<void> {
  await scrubBlobs(deps, options);
  await scrubManifests(deps, options);
  if (options.sweep) await sweepOrphans(deps, options);
  await mendAll(deps, options);
  await deps.transact((tx) => deps.store.closeHealed(tx, deps.clock()));
}

async function scrubBlobs(deps: PassDeps, options: PassOptions): Promise<void> {
  const { store, transact, clock } = deps;
  const { tally, signal, pace } = options;
  const counting = { ...options, onBytes: (count: number) => void (tally.bytes += count) };
  let after: Cursor | undefined;
  let silent = 0;
  let sound: number[] = [];
  let noted = performance.now();
  const note = async () => {
    const ids = sound;
    sound = [];
    noted = performance.now();
    await transact((tx) => store.markChecked(tx, ids, clock()), { durable: false });
  };
  try {
    for (;;) {
      const due = await store.listDue(options.since, after, blobsAtOnce);
      for (const blob of due) {
        const finding = await deps.inspect(options.asker, blob, counting);
        tally.blobs += 1;
        if (finding.kind === 'unknown') {
          tally.unknown += 1;
          silent += 1;
          if (silent >= mostUnknown) throw away(finding.error);
        } else {
          silent = 0;
          if (finding.kind === 'damaged') tally.damaged += 1;
          else sound.push(blob.id);
          if (finding.kind === 'archived') tally.archived += 1;
        }
        if (sound.length >= noteBlobs || performance.now() - noted > noteMs) await note();
        options.onProgress();
        await pace.spend(openingBytes, signal);
      }
      const last = due.at(-1);
      if (last === undefined) return;
      after = { checkedAt: last.checkedAt, id: last.id };
    }
  } finally {
    await note();
  }
}

const away = (cause: unknown) =>
  new RegistryError('unavailable', 'The blob store does not answer; the scrub goes on later.', { cause });

async function scrubManifests(deps: PassDeps, options: PassOptions): Promise<void> {
  const { store, transact, clock } = deps;
  let after: Digest | undefined;
  for (;;) {
    const due = await store.listDueManifests(options.since, after, manifestsAtOnce);
    const wrong = due.filter((manifest) => digestOf(manifest) !== manifest.digest);
    const right = due.filter((manifest) => !wrong.includes(manifest)).map(({ digest }) => digest);
    await transact((tx) => store.markManifests(tx, right, clock()), { durable: false });
    for (const manifest of wrong) await quarantineManifest(deps, options, manifest);
    options.tally.manifests += due.length;
    options.onProgress();
    const size = due.reduce((sum, { content }) => sum + content.length, 0);
    await options.pace.spend(size, options.signal);
    after = due.at(-1)?.digest;
    if (after === undefined) return;
  }
}

function digestOf({ digest, content }: KeptManifest): Digest {
  const algorithm = digestAlgorithm(digest);
  return toDigest(algorithm, hash(algorithm, content, 'hex'));
}

async function quarantineManifest(deps: PassDeps, { asker, tally }: PassOptions, manifest: KeptManifest) {
  const { digest } = manifest;
  const taken = await deps.transact(async (tx) => {
    if (!(await deps.store.quarantineManifest(tx, manifest, digestOf(manifest), deps.clock()))) return false;
    const detail = { reason: 'bytes', size: manifest.content.length };
    await deps.audit.write(tx, {
      action: 'quarantine-content',
      asker,
      resource: digest,
      digest,
      outcome: 'success',
      detail,
    });
    return true;
  });
  if (!taken) return;
  tally.damaged += 1;
  deps.logger.error({ digest }, 'A manifest in the database is damaged; nobody gets it until it is mended.');
}

async function sweepOrphans({ orphans }: PassDeps, options: PassOptions): Promise<void> {
  const { asker, tally, signal } = options;
  let found: WalkedBlob[] = [];
  const discard = async () => {
    const gone = await orphans.discard(asker, found, options);
    found = [];
    tally.orphans += gone.length;
    tally.orphanBytes += gone.reduce((sum, { size }) => sum + size, 0);
    options.onProgress();
  };
  for await (const orphan of orphans.find(signal)) {
    found.push(orphan);
    if (found.length >= orphansAtOnce) await discard();
  }
  if (found.length > 0) await discard();
}

async function mendAll({ store, repair }: PassDeps, options: PassOptions): Promise<void> {
  const { asker, tally, signal } = options;
  for (let after = 0; ; ) {
    const damaged = await store.listDamaged(after, blobsAtOnce);
    for (const blob of damaged) {
      signal.throwIfAborted();
      if ((await repair.mendBlob(asker, blob, options)) !== undefined) tally.repaired += 1;
      options.onProgress();
      after = blob.id;
    }
    if (damaged.length === 0) break;
  }
  for (let after = ''; ; ) {
    const damaged = await store.listDamagedManifests(after, manifestsAtOnce);
    for (const digest of damaged) {
      signal.throwIfAborted();
      if ((await repair.mendManifest(asker, digest, options)) !== undefined) tally.repaired += 1;
      options.onProgress();
      after = digest;
    }
    if (damaged.length === 0) break;
  }
}
