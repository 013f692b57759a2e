import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { ClaimCondition, NewWorkloadIdentity, WorkloadIdentity } from './types.ts';

export interface WorkloadIdentityStore {
  /** The identity if it belongs to that project, or to none when that is undefined. */
  find(id: number, projectId: number | undefined): Promise<WorkloadIdentity | undefined>;
  list(projectId: number | undefined, list: ListQuery): Promise<{ identities: WorkloadIdentity[]; total: number }>;
  /** Those that are not disabled, the oldest first. */
  listByIssuer(issuer: string, limit: number): Promise<WorkloadIdentity[]>;
  /** Undefined when the name is taken in its place. */
  insert(tx: Transaction, identity: NewWorkloadIdentity, at: number): Promise<number | undefined>;
  /** False when the name is taken by another one in its place. */
  update(tx: Transaction, identity: WorkloadIdentity, at: number): Promise<boolean>;
  delete(tx: Transaction, id: number): Promise<void>;
  /** Kills the tokens that were issued to a robot: those that stood for it get new ones only as things are now. */
  endTokens(tx: Transaction, robotId: number): Promise<void>;
  noteUse(tx: Transaction, id: number, at: number): Promise<void>;
  /** True for the first who brings the token; it is remembered until it is over. */
  useOnce(tx: Transaction, tokenHash: string, expiresAt: number, now: number): Promise<boolean>;
}

const listColumns: ListColumns = {
  id: { ref: 'workload_identity.id', kind: 'number' },
  name: { ref: 'workload_identity.name', kind: 'text' },
  issuer: { ref: 'workload_identity.issuer', kind: 'text' },
  robot_id: { ref: 'workload_identity.robot_id', kind: 'number' },
  disabled: { ref: 'workload_identity.disabled', kind: 'flag' },
  creation_time: { ref: 'workload_identity.created_at', kind: 'time' },
};

interface Row {
  readonly id: number;
  readonly project_id: number | null;
  readonly robot_id: number;
  readonly name: string;
  readonly description: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: string | null;
  readonly conditions: string;
  readonly max_lifetime: number;
  readonly single_use: number;
  readonly disabled: number;
  readonly used_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const toIdentity = (row: Row): WorkloadIdentity => ({
  id: row.id,
  projectId: row.project_id ?? undefined,
  robotId: row.robot_id,
  name: row.name,
  description: row.description,
  issuer: row.issuer,
  audience: row.audience,
  jwks: row.jwks ?? undefined,
  conditions: JSON.parse(row.conditions) as ClaimCondition[],
  maxLifetimeMs: row.max_lifetime,
  singleUse: row.single_use === 1,
  disabled: row.disabled === 1,
  usedAt: row.used_at ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const toColumns = (identity: NewWorkloadIdentity) => ({
  robot_id: identity.robotId,
  name: identity.name,
  description: identity.description,
  issuer: identity.issuer,
  audience: identity.audience,
  jwks: identity.jwks ?? null,
  conditions: JSON.stringify(identity.conditions),
  max_lifetime: identity.maxLifetimeMs,
  single_use: identity.singleUse ? 1 : 0,
  disabled: identity.disabled ? 1 : 0,
});

export function createWorkloadIdentityStore(db: Db): WorkloadIdentityStore {
  const inPlace = (projectId: number | undefined) => {
    const all = db.read.selectFrom('workload_identity');
    return projectId === undefined ? all.where('project_id', 'is', null) : all.where('project_id', '=', projectId);
  };

  async function isTaken(tx: Transaction, { name, projectId }: NewWorkloadIdentity, id: number): Promise<boolean> {
    const named = within(tx)
      .selectFrom('workload_identity')
      .select('id')
      .where('name', '=', name)
      .where('id', '<>', id);
    const row = await (projectId === undefined
      ? named.where('project_id', 'is', null)
      : named.where('project_id', '=', projectId)
    ).executeTakeFirst();
    return row !== undefined;
  }

  return {
    async find(id, projectId) {
      const row = await inPlace(projectId).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toIdentity(row);
    },
    async list(projectId, list) {
      const filtered = applyConditions(inPlace(projectId), list.conditions, listColumns);
      const [rows, count] = await Promise.all([
        applyPage(filtered.selectAll(), list, listColumns, { tie: 'workload_identity.id' }).execute(),
        filtered.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { identities: rows.map(toIdentity), total: Number(count.total) };
    },
    async listByIssuer(issuer, limit) {
      const rows = await db.read
        .selectFrom('workload_identity')
        .selectAll()
        .where('issuer', '=', issuer)
        .where('disabled', '=', 0)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toIdentity);
    },
    async insert(tx, identity, at) {
      const row = await within(tx)
        .insertInto('workload_identity')
        .values({ ...toColumns(identity), project_id: identity.projectId ?? null, created_at: at, updated_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async update(tx, identity, at) {
      if (await isTaken(tx, identity, identity.id)) return false;
      await within(tx)
        .updateTable('workload_identity')
        .set({ ...toColumns(identity), updated_at: at })
        .where('id', '=', identity.id)
        .execute();
      return true;
    },
    async delete(tx, id) {
      await within(tx).deleteFrom('workload_identity').where('id', '=', id).execute();
    },
    async endTokens(tx, robotId) {
      await within(tx)
        .updateTable('robot')
        .set((row) => ({ generation: row('generation', '+', 1) }))
        .where('id', '=', robotId)
        .execute();
    },
    async noteUse(tx, id, at) {
      await within(tx).updateTable('workload_identity').set({ used_at: at }).where('id', '=', id).execute();
    },
    async useOnce(tx, tokenHash, expiresAt, now) {
      const q = within(tx);
      await q.deleteFrom('workload_token').where('expires_at', '<', now).execute();
      const row = await q
        .insertInto('workload_token')
        .values({ token_hash: tokenHash, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .returning('token_hash')
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
