import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { compose, type Registry } from '#app/compose';
import { loadConfig } from '#platform/config';
import { listen } from '#platform/http/server';
import { createLog } from '#platform/log';

export interface TestRegistryOptions {
  /** Environment variables, as an operator would set them. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: () => number;
}

export interface TestRegistry extends AsyncDisposable {
  readonly url: string;
  readonly registry: Registry;
  readonly admin: string;
  /** Everything logged so far. */
  logs(): string;
  /** The value of an Authorization header. */
  basic(name: string, password?: string): string;
  /** Makes a user with the password `Password123` and gives it a role in a project. */
  addUser(name: string, roles?: Readonly<Record<string, 1 | 2 | 3 | 4 | 5>>): Promise<number>;
  addProject(name: string, isPublic?: boolean): Promise<number>;
  fetch(path: string, init?: RequestInit & { as?: string }): Promise<Response>;
}

export const testPassword = 'Password123';

/** A whole registry, composed as the product composes it, on a free port and a temporary folder. */
export async function startTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'entrepot-test-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const { config, secrets } = loadConfig({
    flags: { listen: '127.0.0.1:0', data },
    env: { ENTREPOT_ADMIN_PASSWORD: testPassword, ...options.env },
    readFile: () => '',
  });
  let logged = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  const overrides = options.clock === undefined ? {} : { clock: options.clock };
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
  const system = {
    actor: { kind: 'user', userId: 1, name: 'admin', admin: true },
    address: '127.0.0.1',
    requestId: 'test',
  } as const;
  const owned = stack.move();
  return {
    url,
    registry,
    admin: basic('admin'),
    logs: () => logged,
    basic,
    async addUser(name, roles = {}) {
      const id = await registry.users.create({ name, password: testPassword, admin: false });
      for (const [project, role] of Object.entries(roles)) await registry.projects.setMember(project, id, role);
      return id;
    },
    async addProject(name, isPublic = false) {
      return (await registry.projects.create(system, { name, public: isPublic })).id;
    },
    fetch(path, { as, ...init } = {}) {
      const headers = new Headers(init.headers);
      if (as !== undefined) headers.set('authorization', as);
      return fetch(`${url}${path}`, { redirect: 'manual', ...init, headers });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
