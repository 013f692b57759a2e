import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type ImportFrom, type ImportReport, type ImportRequest, importImages } from '#app/import';
import { type DatabasePlace, makeSqlitePlace } from '#testing/databases';
import { createDistributionStore, type DistributionStore } from '@entrepot/oci/testing/distribution-store';
import { digestOf, startTestRegistry, type TestRegistry } from '#testing/test-registry';

type Options = Partial<ImportRequest['options']>;

export interface ImportScene extends AsyncDisposable {
  readonly folder: string;
  readonly store: DistributionStore;
  readonly place: DatabasePlace;
  /** Imports the store, or something else; fails unless it came to its end. */
  take(options?: Options, from?: ImportFrom): Promise<ImportReport>;
  request(more?: Partial<ImportRequest>): ImportRequest;
  /** A registry on what was taken. */
  serve(): Promise<TestRegistry>;
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** A store to fill, and an empty registry, with its blobs on the same file system. */
export async function openImportScene(makePlace: () => Promise<DatabasePlace> = makeSqlitePlace): Promise<ImportScene> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-import-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const env = { ENTREPOT_DATA: join(folder, 'data'), ...place.env };
  const own: DatabasePlace = { ...place, env };
  {
    await using _migrated = await place.open();
  }
  const store = createDistributionStore(join(folder, 'old'));
  const request = (more: Partial<ImportRequest> = {}): ImportRequest => ({
    from: { kind: 'docker-registry', path: store.root },
    options: {
      project: undefined,
      include: [],
      untagged: false,
      sparse: false,
      replaceTags: false,
      trustDigests: false,
      how: 'either',
      jobs: 1,
    },
    dryRun: false,
    flags: {},
    env,
    stderr: nowhere(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  });
  const owned = stack.move();
  return {
    folder,
    store,
    place: own,
    request,
    async take(options = {}, from = { kind: 'docker-registry', path: store.root }) {
      const base = request({ from });
      const outcome = await importImages({ ...base, options: { ...base.options, ...options } });
      assert.ok(outcome.kind === 'imported', JSON.stringify(outcome));
      return outcome.report;
    },
    serve: () => startTestRegistry({ place: own }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Pulls it as a client does, everything included. */
export async function assertPulls(registry: TestRegistry, repository: string, reference: string, manifest: string) {
  const as = registry.admin;
  const answer = await registry.fetch(`/v2/${repository}/manifests/${reference}`, { as, headers: { accept: '*/*' } });
  assert.equal(answer.status, 200, `${repository}:${reference}`);
  assert.equal(await answer.text(), manifest);
  assert.equal(answer.headers.get('docker-content-digest'), digestOf(manifest));
  const { config, layers = [] } = JSON.parse(manifest) as {
    config?: { digest: string };
    layers?: { digest: string; urls?: unknown }[];
  };
  for (const { digest } of [...(config === undefined ? [] : [config]), ...layers.filter(({ urls }) => !urls)]) {
    const blob = await registry.fetch(`/v2/${repository}/blobs/${digest}`, { as });
    assert.equal(blob.status, 200, digest);
    assert.equal(digestOf(await blob.bytes()), digest);
  }
}

/** Why things were left out, sorted. */
export const reasonsOf = ({ skipped }: ImportReport) => skipped.map(({ reason }) => reason).toSorted();

/** The files of a folder, at any depth. */
export const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
