import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { basicAuthorization, type Credentials, RegistryClient } from './registry-client.ts';
import type { ServerOptions, ServerProcess } from './server-process.ts';
import { missingStack, type RegistryOnStack, type StackKind, startRegistryOn } from './stack.ts';

/** One registry for all tests of a file. */
export interface RegistryUnderTest {
  readonly origin: string;
  /** Host and port, as clients write it before a repository. */
  readonly host: string;
  readonly admin: Credentials;
  readonly server: ServerProcess;
  /** Speaks as the administrator. */
  readonly client: RegistryClient;
  /** Speaks without credentials. */
  readonly anonymous: RegistryClient;
  clientWith(authorization: string): RegistryClient;
  /** A repository that no other test has; in the public project `library` unless told. */
  repository(project?: string): string;
  makeProject(options: { readonly public: boolean }): Promise<string>;
  /** What the registry calls itself in its challenge. */
  service(): Promise<string>;
  /** A token for some scopes, as the administrator gets it. */
  token(...scopes: string[]): Promise<string>;
}

function chosenStack(): StackKind {
  return process.env['ENTREPOT_TEST_STACK'] === 'postgres-s3' ? 'postgres-s3' : 'sqlite-filesystem';
}

class Fixture implements RegistryUnderTest {
  #running: RegistryOnStack | undefined;
  #clients: RegistryClient[] = [];
  #external: { origin: string; admin: Credentials } | undefined;

  async open(options: ServerOptions): Promise<void> {
    const external = process.env['ENTREPOT_TEST_URL'];
    if (external !== undefined) {
      const [user = 'admin', password = ''] = (process.env['ENTREPOT_TEST_LOGIN'] ?? '').split(':');
      this.#external = { origin: external, admin: { user, password } };
    } else {
      const kind = chosenStack();
      const reason = await missingStack(kind);
      assert.equal(reason, undefined, `ENTREPOT_TEST_STACK=${kind} cannot be had`);
      this.#running = await startRegistryOn(kind, options);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.#running?.[Symbol.asyncDispose]();
  }

  get server(): ServerProcess {
    assert.ok(this.#running, 'the registry runs');
    return this.#running.server;
  }

  get origin(): string {
    return this.#external?.origin ?? this.server.origin;
  }

  get host(): string {
    return new URL(this.origin).host;
  }

  get admin(): Credentials {
    return this.#external?.admin ?? this.server.admin;
  }

  #keep(client: RegistryClient): RegistryClient {
    this.#clients.push(client);
    return client;
  }

  #admin: RegistryClient | undefined;
  get client(): RegistryClient {
    return (this.#admin ??= this.clientWith(basicAuthorization(this.admin)));
  }

  #anonymous: RegistryClient | undefined;
  get anonymous(): RegistryClient {
    return (this.#anonymous ??= this.#keep(new RegistryClient(this.origin)));
  }

  clientWith(authorization: string): RegistryClient {
    return this.#keep(new RegistryClient(this.origin, authorization));
  }

  repository(project = 'library'): string {
    return `${project}/t${randomBytes(6).toString('hex')}`;
  }

  async makeProject(options: { readonly public: boolean }): Promise<string> {
    const name = `p${randomBytes(6).toString('hex')}`;
    if (this.#external !== undefined) return name;
    const body = JSON.stringify({ project_name: name, metadata: { public: String(options.public) } });
    await this.client.expect(201, 'POST', '/api/v2.0/projects', { 'content-type': 'application/json' }, body);
    return name;
  }

  async service(): Promise<string> {
    const challenge = (await this.anonymous.send('GET', '/v2/')).header('www-authenticate') ?? '';
    return /service="([^"]*)"/.exec(challenge)?.[1] ?? '';
  }

  async token(...scopes: string[]): Promise<string> {
    const query = [
      `service=${encodeURIComponent(await this.service())}`,
      ...scopes.map((scope) => `scope=${encodeURIComponent(scope)}`),
    ];
    const answer = await this.client.expect(200, 'GET', `/service/token?${query.join('&')}`);
    const { token } = answer.json() as { token?: unknown };
    assert.ok(typeof token === 'string' && token !== '', 'the answer has a token');
    return token;
  }
}

/**
 * Starts a registry for the tests of a file (`const registry = await useRegistry()`) and ends it after them. `ENTREPOT_TEST_STACK=postgres-s3` puts it on
 * PostgreSQL and S3; `ENTREPOT_TEST_URL` and `ENTREPOT_TEST_LOGIN=user:password` test a registry that runs already.
 */
export async function useRegistry(options: ServerOptions = {}): Promise<RegistryUnderTest> {
  const fixture = new Fixture();
  after(() => fixture.close());
  await fixture.open(options);
  return fixture;
}
