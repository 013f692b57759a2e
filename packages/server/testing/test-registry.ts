import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after } from 'node:test';
import { compose, type Registry } from '#app/compose';
import { loadConfig } from '#platform/config';
import { listen } from '#platform/http/server';
import { createLog } from '#platform/log';
import { isReplaying, judgeReplay, mayBeDoneByAll, replayUser } from '#testing/tenant-replay';
import { type DatabasePlace, makeSqlitePlace } from '#testing/databases';

export interface TestRegistryOptions {
  /** Environment variables, as an operator would set them. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: () => number;
  /** Where its database is; a SQLite file of its own unless told. The caller disposes of it. */
  readonly place?: DatabasePlace;
}

type RoleId = 1 | 2 | 3 | 4 | 5;

export interface PushedImage {
  readonly manifest: string;
  readonly digest: string;
  readonly config: string;
  readonly layer: string;
}

export interface TestRegistry extends AsyncDisposable {
  readonly url: string;
  readonly registry: Registry;
  /** The folder it keeps everything in. */
  readonly data: string;
  readonly admin: string;
  /** Everything logged so far. */
  logs(): string;
  /** Runs SQL past all stores. */
  query: DatabasePlace['query'];
  /** The value of an Authorization header. */
  basic(name: string, password?: string): string;
  /** Makes a user with the password `Password123` and gives it a role in a project. */
  addUser(name: string, roles?: Readonly<Record<string, RoleId>>): Promise<number>;
  addProject(name: string, isPublic?: boolean): Promise<number>;
  fetch(path: string, init?: RequestInit & { as?: string }): Promise<Response>;
  /** The value of an Authorization header with a token of the token service. */
  bearer(as: string | undefined, ...scopes: string[]): Promise<string>;
  /** Opens an upload and answers with its address. */
  startUpload(repository: string, as?: string): Promise<string>;
  pushBlob(repository: string, bytes: string | Uint8Array, as?: string): Promise<string>;
  putManifest(repository: string, reference: string, manifest: string, as?: string): Promise<Response>;
  /** Pushes an image of a config and a layer. `fields` are added to the manifest. */
  pushImage(repository: string, tag: string, options?: { as?: string; fields?: object }): Promise<PushedImage>;
}

export const testPassword = 'Password123';

export const imageType = 'application/vnd.oci.image.manifest.v1+json';

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** An image manifest as text, with sizes and types filled in. */
export function imageManifest(config: string, layers: readonly string[], fields: object = {}): string {
  const describe = (bytes: string, mediaType: string) => ({
    mediaType,
    digest: digestOf(bytes),
    size: Buffer.byteLength(bytes),
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => describe(layer, 'application/vnd.oci.image.layer.v1.tar')),
    ...fields,
  });
}

function expectStatus(response: Response, status: number, what: string): Response {
  if (response.status !== status) throw new Error(`${what} was answered with ${response.status}, not ${status}`);
  return response;
}

/** A whole registry, composed as the product composes it, on a free port and a temporary folder. */
export async function startTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  await using stack = new AsyncDisposableStack();
  const place = options.place ?? stack.use(await makeSqlitePlace());
  const own = place.env['ENTREPOT_DATA'] === undefined ? await mkdtemp(join(tmpdir(), 'entrepot-test-')) : undefined;
  if (own !== undefined) stack.defer(() => rm(own, { recursive: true, force: true }));
  const data = own ?? place.env['ENTREPOT_DATA'] ?? '';
  const { config, secrets } = loadConfig({
    flags: { listen: '127.0.0.1:0', data },
    env: { ENTREPOT_ADMIN_PASSWORD: testPassword, ...place.env, ...options.env },
    readFile: () => '',
  });
  let logged = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  const overrides = {
    assertAnswers: true,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  };
  const registry = stack.use(
    await compose({ config, secrets, log: createLog(config.log, sink), tls: undefined, overrides }),
  );
  await registry.users.ensureAdmin(secrets.adminPassword);
  await registry.projects.ensureLibrary();
  const { port } = await listen(registry.server, { host: '127.0.0.1', port: 0 });
  stack.defer(() => registry.server.closeAllConnections());
  const url = `http://127.0.0.1:${port}`;
  const basic = (name: string, password = testPassword) =>
    `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const admin = basic('admin');
  const system = {
    actor: { kind: 'user', userId: 1, name: 'admin', admin: true },
    address: '127.0.0.1',
    requestId: 'test',
  } as const;
  const owned = stack.move();

  /** The same by somebody of another tenant, before it is asked by whom it is meant to be asked. */
  async function replay(path: string, init: RequestInit): Promise<void> {
    if (init.body instanceof ReadableStream || mayBeDoneByAll(init.method ?? 'GET', path)) return;
    const headers = new Headers(init.headers);
    headers.set('authorization', basic(replayUser));
    const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init, headers });
    const text = await response.text();
    const rows = await place.query('select name, public from project');
    const projects = rows.map((row) => ({ name: String(row['name']), isPublic: Number(row['public']) === 1 }));
    judgeReplay({ method: init.method ?? 'GET', path }, { status: response.status, text }, projects);
  }
  if (isReplaying) await registry.users.create({ name: replayUser, password: testPassword, admin: false });

  const made: TestRegistry = {
    url,
    registry,
    data,
    admin,
    logs: () => logged,
    query: place.query,
    basic,
    async addUser(name, roles = {}) {
      const id = await registry.users.create({ name, password: testPassword, admin: false });
      for (const [project, role] of Object.entries(roles)) await registry.projects.setMember(project, id, role);
      return id;
    },
    async addProject(name, isPublic = false) {
      return (await registry.projects.create(system, { name, public: isPublic })).id;
    },
    async fetch(path, { as, ...init } = {}) {
      const headers = new Headers(init.headers);
      if (as !== undefined) headers.set('authorization', as);
      if (isReplaying && as !== undefined && /^\/(?:api|v2)\//.test(path)) await replay(path, init);
      return fetch(`${url}${path}`, { redirect: 'manual', ...init, headers });
    },
    async bearer(as, ...scopes) {
      const query = new URLSearchParams([['service', 'entrepot'], ...scopes.map((scope) => ['scope', scope])]);
      const init = as === undefined ? {} : { as };
      const response = expectStatus(await made.fetch(`/service/token?${query}`, init), 200, 'a token');
      return `Bearer ${((await response.json()) as { token: string }).token}`;
    },
    async startUpload(repository, as = admin) {
      const response = await made.fetch(`/v2/${repository}/blobs/uploads/`, { method: 'POST', as });
      return expectStatus(response, 202, `an upload to ${repository}`).headers.get('location') ?? '';
    },
    async pushBlob(repository, bytes, as = admin) {
      const digest = digestOf(bytes);
      const location = await made.startUpload(repository, as);
      const body = typeof bytes === 'string' ? bytes : Buffer.from(bytes);
      const response = await made.fetch(`${location}?digest=${digest}`, { method: 'PUT', as, body });
      expectStatus(response, 201, `a blob for ${repository}`);
      return digest;
    },
    putManifest(repository, reference, manifest, as = admin) {
      return made.fetch(`/v2/${repository}/manifests/${reference}`, {
        method: 'PUT',
        as,
        body: manifest,
        headers: { 'content-type': imageType },
      });
    },
    async pushImage(repository, tag, { as = admin, fields = {} } = {}) {
      const [config, layer] = [JSON.stringify({ nonce: crypto.randomUUID() }), `layer ${crypto.randomUUID()}`];
      for (const blob of [config, layer]) await made.pushBlob(repository, blob, as);
      const manifest = imageManifest(config, [layer], fields);
      expectStatus(await made.putManifest(repository, tag, manifest, as), 201, `${repository}:${tag}`);
      return { manifest, digest: digestOf(manifest), config: digestOf(config), layer: digestOf(layer) };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return made;
}

/** One registry for all tests of a file. */
export async function useTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const registry = await startTestRegistry(options);
  after(() => registry[Symbol.asyncDispose]());
  return registry;
}
