import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Audit, AuditAction } from '#tenancy/audit';
import type { CheckConnection } from './check-connection.ts';
import { findDistributionUrl, isProviderType, providerTypes } from './providers.ts';
import type { RegistryStore } from './store.ts';
import type { NewRegistry, RegistryChange, RegistryConnection, RegistryStatus, RemoteRegistry } from './types.ts';

/** Other registries that this one knows. */
export interface Registries {
  list(list: ListQuery): Promise<{ entries: RemoteRegistry[]; total: number }>;
  /** Fails with `object-not-found`. */
  get(id: number): Promise<RemoteRegistry>;
  /** Fails with `body-invalid`, `target-refused`, `target-unreachable` (it does not answer as a registry) or `conflict`. */
  create(asker: Asker, registry: NewRegistry): Promise<number>;
  update(asker: Asker, id: number, change: RegistryChange): Promise<void>;
  /** Fails with `precondition-failed` while a policy or a project uses it. */
  delete(asker: Asker, id: number): Promise<void>;
  /** Tries a connection: a kept one, a kept one with changes, or one just described. Fails with `target-unreachable`. */
  ping(id: number | undefined, change: RegistryChange & { readonly type?: string | undefined }): Promise<void>;
  /** How it is reached, its secret included: for those who ask it something. Undefined when it is gone. */
  findConnection(id: number): Promise<RegistryConnection | undefined>;
  /** Looks at the health of all, one after the other. */
  checkAll(): Promise<void>;
}

export interface RegistriesDeps {
  readonly store: RegistryStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly checkTarget: (url: string, field: string) => void;
  readonly checkConnection: CheckConnection;
  /** What uses the registry, in words; undefined when nothing does. */
  readonly findUse: (tx: Transaction, id: number) => Promise<string | undefined>;
}

export function createRegistries(deps: RegistriesDeps): Registries {
  const { store, transact, audit, clock, checkTarget, checkConnection, findUse } = deps;

  async function get(id: number): Promise<RemoteRegistry> {
    const registry = await store.find(id);
    if (registry === undefined) throw new RegistryError('object-not-found', `registry ${id} not found`);
    return registry;
  }

  function assertConnection(connection: RegistryConnection): void {
    if (!isProviderType(connection.type)) {
      throw new RegistryError('body-invalid', `body.type: there are ${providerTypes.join(', ')}.`);
    }
    checkTarget(connection.url, 'body.url');
    if (new URL(connection.url).search !== '') throw new RegistryError('body-invalid', 'body.url: takes no query.');
    const { accessKey, accessSecret = '', caCertificate } = connection;
    // The two are joined by a colon, which therefore is not in the first (RFC 7617, 2).
    if (/[:\p{Cc}]/u.test(accessKey) || /\p{Cc}/u.test(connection.type === 'google-gcr' ? '' : accessSecret)) {
      throw new RegistryError('body-invalid', 'body.credential: holds a colon in the key, or control characters.');
    }
    if (caCertificate !== '' && !/-----BEGIN CERTIFICATE-----/.test(caCertificate)) {
      throw new RegistryError('body-invalid', 'body.ca_certificate: expected certificates in PEM.');
    }
  }

  async function assertHealthy(connection: RegistryConnection): Promise<void> {
    if (await checkConnection(connection)) return;
    throw new RegistryError('target-unreachable', 'the registry is unhealthy');
  }

  /** The kept registry with its changes. A kept secret stays with the origin it was given for. */
  async function merge(old: RemoteRegistry, change: RegistryChange): Promise<NewRegistry> {
    const merged = {
      name: change.name ?? old.name,
      description: change.description ?? old.description,
      type: old.type,
      url: change.url ?? old.url,
      credentialType: change.credentialType ?? old.credentialType,
      accessKey: change.accessKey ?? old.accessKey,
      insecure: change.insecure ?? old.insecure,
      caCertificate: change.caCertificate ?? old.caCertificate,
      accessSecret: change.accessSecret,
    };
    if (change.accessSecret !== undefined || !old.hasSecret) return merged;
    checkTarget(merged.url, 'body.url');
    if (originOf(old.type, old.url) !== originOf(merged.type, merged.url)) {
      throw new RegistryError('body-invalid', 'body.access_secret: give it again, since the address is another one.');
    }
    return { ...merged, accessSecret: await store.findSecret(old.id) };
  }

  function audited(
    tx: Transaction,
    action: AuditAction,
    asker: Asker,
    before?: RemoteRegistry,
    after?: RemoteRegistry,
  ) {
    return audit.write(tx, {
      action,
      asker,
      resource: after?.name ?? before?.name ?? '',
      outcome: 'success',
      ...(before === undefined ? {} : { before: auditStateOf(before) }),
      ...(after === undefined ? {} : { after: auditStateOf(after) }),
    });
  }

  const taken = (name: string) =>
    new RegistryError('conflict', `body.name: there is a registry named ${name} already.`);

  const withStatus = (registry: NewRegistry) => ({ ...registry, status: 'healthy' as RegistryStatus });

  async function findConnection(id: number): Promise<RegistryConnection | undefined> {
    const registry = await store.find(id);
    return registry && { ...registry, accessSecret: await store.findSecret(id) };
  }

  return {
    list: (list) => store.list(list),
    get,
    findConnection,

    async create(asker, registry) {
      assertConnection(registry);
      await assertHealthy(registry);
      return transact(async (tx) => {
        const at = clock();
        const id = await store.insert(tx, withStatus(registry), at);
        if (id === undefined) throw taken(registry.name);
        const hasSecret = (registry.accessSecret ?? '') !== '';
        const made = { ...withStatus(registry), id, hasSecret, createdAt: at, updatedAt: at };
        await audited(tx, 'create-registry', asker, undefined, made);
        return id;
      });
    },

    async update(asker, id, change) {
      const before = await get(id);
      const merged = await merge(before, change);
      assertConnection(merged);
      await assertHealthy(merged);
      await transact(async (tx) => {
        const at = clock();
        const kept = { ...withStatus(merged), accessSecret: change.accessSecret };
        if (!(await store.update(tx, id, kept, at))) throw taken(merged.name);
        const hasSecret = change.accessSecret === undefined ? before.hasSecret : change.accessSecret !== '';
        await audited(tx, 'update-registry', asker, before, {
          ...before,
          ...withStatus(merged),
          hasSecret,
          updatedAt: at,
        });
      });
    },

    async delete(asker, id) {
      const before = await get(id);
      await transact(async (tx) => {
        const use = await findUse(tx, id);
        if (use !== undefined) {
          throw new RegistryError('precondition-failed', `The registry ${before.name} is used by ${use}.`);
        }
        if (!(await store.delete(tx, id))) throw new RegistryError('object-not-found', `registry ${id} not found`);
        await audited(tx, 'delete-registry', asker, before);
      });
    },

    async ping(id, change) {
      const asked =
        id === undefined
          ? { ...blank, ...dropAbsent(change) }
          : { ...(await merge(await get(id), change)), ...(change.type === undefined ? {} : { type: change.type }) };
      assertConnection(asked);
      await assertHealthy(asked);
    },

    async checkAll() {
      for (const id of await store.listIds()) {
        const [registry, connection] = [await store.find(id), await findConnection(id)];
        if (registry === undefined || connection === undefined) continue;
        const status: RegistryStatus = (await isHealthy(connection)) ? 'healthy' : 'unhealthy';
        if (status !== registry.status) await transact((tx) => store.setStatus(tx, id, status));
      }
    },
  };

  /** An address that may not be asked any more is as good as one that does not answer. */
  async function isHealthy(connection: RegistryConnection): Promise<boolean> {
    try {
      return await checkConnection(connection);
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'target-refused') return false;
      throw error;
    }
  }
}

const blank: RegistryConnection = {
  type: '',
  url: '',
  credentialType: 'basic',
  accessKey: '',
  accessSecret: undefined,
  insecure: false,
  caCertificate: '',
};

function dropAbsent<T extends object>(fields: T): { [Field in keyof T]: Exclude<T[Field], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function originOf(type: string, url: string): string {
  return new URL(findDistributionUrl(type, url)).origin;
}

/** For the audit: without the secret. */
function auditStateOf(registry: RemoteRegistry) {
  return {
    name: registry.name,
    url: registry.url,
    type: registry.type,
    description: registry.description,
    credential_type: registry.credentialType,
    access_key: registry.accessKey,
    access_secret: registry.hasSecret,
    insecure: registry.insecure,
    ca_certificate: registry.caCertificate !== '',
  };
}
