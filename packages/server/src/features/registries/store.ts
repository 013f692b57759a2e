import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { isSealed, type SecretBox } from '#platform/crypto';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { CredentialType, NewRegistry, RegistryStatus, RemoteRegistry } from './types.ts';

export interface RegistryStore {
  list(list: ListQuery): Promise<{ entries: RemoteRegistry[]; total: number }>;
  find(id: number): Promise<RemoteRegistry | undefined>;
  /** The secret, opened; undefined for none. */
  findSecret(id: number): Promise<string | undefined>;
  /** Undefined where there is one of that name. */
  insert(tx: Transaction, registry: NewRegistry & { status: RegistryStatus }, at: number): Promise<number | undefined>;
  /** A secret that is undefined is kept. False where another registry has the name. */
  update(tx: Transaction, id: number, registry: NewRegistry & { status: RegistryStatus }, at: number): Promise<boolean>;
  setStatus(tx: Transaction, id: number, status: RegistryStatus): Promise<void>;
  delete(tx: Transaction, id: number): Promise<boolean>;
  /** All ids, for the regular look at their health. */
  listIds(): Promise<number[]>;
}

interface RegistryRow {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly type: string;
  readonly credential_type: string;
  readonly access_key: string;
  readonly access_secret: string | null;
  readonly insecure: number;
  readonly ca_certificate: string;
  readonly description: string;
  readonly status: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const toRegistry = (row: RegistryRow): RemoteRegistry => ({
  id: row.id,
  name: row.name,
  url: row.url,
  type: row.type,
  credentialType: row.credential_type as CredentialType,
  accessKey: row.access_key,
  hasSecret: row.access_secret !== null,
  insecure: row.insecure === 1,
  caCertificate: row.ca_certificate,
  description: row.description,
  status: row.status as RegistryStatus,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const listed: ListColumns = {
  id: { ref: 'registry.id', kind: 'number' },
  name: { ref: 'registry.name', kind: 'text' },
  url: { ref: 'registry.url', kind: 'text' },
  type: { ref: 'registry.type', kind: 'text' },
  status: { ref: 'registry.status', kind: 'text' },
  description: { ref: 'registry.description', kind: 'text' },
  insecure: { ref: 'registry.insecure', kind: 'flag' },
  creation_time: { ref: 'registry.created_at', kind: 'time' },
  update_time: { ref: 'registry.updated_at', kind: 'time' },
};

const place = (id: number) => `registry/access_secret/${id}`;

const columnsOf = (registry: NewRegistry & { status: RegistryStatus }, at: number) => ({
  name: registry.name,
  url: registry.url,
  type: registry.type,
  credential_type: registry.credentialType,
  access_key: registry.accessKey,
  insecure: registry.insecure ? 1 : 0,
  ca_certificate: registry.caCertificate,
  description: registry.description,
  status: registry.status,
  updated_at: at,
});

export function createRegistryStore(db: Db, box: SecretBox): RegistryStore {
  async function seal(tx: Transaction, id: number, secret: string): Promise<void> {
    await within(tx)
      .updateTable('registry')
      .set({ access_secret: secret === '' ? null : box.seal(secret, place(id)) })
      .where('id', '=', id)
      .execute();
  }

  return {
    async list(list) {
      const matching = applyConditions(db.read.selectFrom('registry'), list.conditions, listed);
      const rows = await applyPage(matching.selectAll(), list, listed, { tie: 'registry.id' }).execute();
      const total = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      return { entries: rows.map(toRegistry), total: Number(total.count) };
    },

    async find(id) {
      const row = await db.read.selectFrom('registry').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRegistry(row);
    },

    async findSecret(id) {
      const row = await db.read.selectFrom('registry').select('access_secret').where('id', '=', id).executeTakeFirst();
      const secret = row?.access_secret ?? undefined;
      return secret === undefined || !isSealed(secret) ? secret : box.open(secret, place(id));
    },

    async insert(tx, registry, at) {
      const row = await within(tx)
        .insertInto('registry')
        .values({ ...columnsOf(registry, at), access_secret: null, created_at: at })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      // Sealed for its own row, so the row is there first.
      if (row !== undefined && registry.accessSecret !== undefined) await seal(tx, row.id, registry.accessSecret);
      return row?.id;
    },

    async update(tx, id, registry, at) {
      const other = await within(tx)
        .selectFrom('registry')
        .select('id')
        .where('name', '=', registry.name)
        .where('id', '<>', id)
        .executeTakeFirst();
      if (other !== undefined) return false;
      await within(tx).updateTable('registry').set(columnsOf(registry, at)).where('id', '=', id).execute();
      if (registry.accessSecret !== undefined) await seal(tx, id, registry.accessSecret);
      return true;
    },

    async setStatus(tx, id, status) {
      await within(tx).updateTable('registry').set({ status }).where('id', '=', id).execute();
    },

    async delete(tx, id) {
      const result = await within(tx).deleteFrom('registry').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async listIds() {
      const rows = await db.read.selectFrom('registry').select('id').orderBy('id').execute();
      return rows.map((row) => row.id);
    },
  };
}
