import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { isSealed, type SecretBox } from '#platform/crypto';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import { pullType } from './event-types.ts';
import type {
  NewPolicy,
  NewTarget,
  PayloadFormat,
  Sending,
  TargetType,
  WebhookPolicy,
  WebhookTarget,
} from './types.ts';

export interface WebhookStore {
  list(projectId: number, list: ListQuery): Promise<{ entries: WebhookPolicy[]; total: number }>;
  /** All of a project; with a transaction as it is in there. */
  listAll(projectId: number, tx?: Transaction): Promise<WebhookPolicy[]>;
  find(projectId: number, id: number): Promise<WebhookPolicy | undefined>;
  /** Undefined where the project has one of that name. */
  insert(
    tx: Transaction,
    projectId: number,
    policy: NewPolicy & { creator: string },
    at: number,
  ): Promise<number | undefined>;
  /** False where another policy of the project has the name. */
  update(tx: Transaction, old: WebhookPolicy, policy: NewPolicy, at: number): Promise<boolean>;
  setOptions(
    tx: Transaction,
    id: number,
    options: { repositories: string; tags: string; signingSecret: string | null | undefined },
    at: number,
  ): Promise<void>;
  delete(tx: Transaction, projectId: number, id: number): Promise<boolean>;
  /** What is needed to send to a target, its secrets opened. Undefined when policy or target is gone. */
  findSending(policyId: number, targetId: number): Promise<Sending | undefined>;
  /** Projects in which an enabled policy waits for pulls. */
  listPullProjects(): Promise<number[]>;
}

interface PolicyRow {
  readonly id: number;
  readonly project_id: number;
  readonly name: string;
  readonly description: string;
  readonly creator: string;
  readonly enabled: number;
  readonly event_types: string;
  readonly repositories: string;
  readonly tags: string;
  readonly signing_secret: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

interface TargetRow {
  readonly id: number;
  readonly policy_id: number;
  readonly type: string;
  readonly address: string;
  readonly auth_header: string | null;
  readonly skip_cert_verify: number;
  readonly payload_format: string;
}

const toTarget = (row: TargetRow): WebhookTarget => ({
  id: row.id,
  type: row.type as TargetType,
  address: row.address,
  hasAuthHeader: row.auth_header !== null,
  skipCertVerify: row.skip_cert_verify === 1,
  payloadFormat: row.payload_format as PayloadFormat,
});

const toPolicy = (row: PolicyRow, targets: readonly TargetRow[]): WebhookPolicy => ({
  id: row.id,
  projectId: row.project_id,
  name: row.name,
  description: row.description,
  creator: row.creator,
  enabled: row.enabled === 1,
  eventTypes: JSON.parse(row.event_types) as string[],
  targets: targets.filter((target) => target.policy_id === row.id).map(toTarget),
  repositories: row.repositories,
  tags: row.tags,
  isSigned: row.signing_secret !== null,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const listed: ListColumns = {
  id: { ref: 'webhook_policy.id', kind: 'number' },
  name: { ref: 'webhook_policy.name', kind: 'text' },
  description: { ref: 'webhook_policy.description', kind: 'text' },
  creator: { ref: 'webhook_policy.creator', kind: 'text' },
  enabled: { ref: 'webhook_policy.enabled', kind: 'flag' },
  creation_time: { ref: 'webhook_policy.created_at', kind: 'time' },
  update_time: { ref: 'webhook_policy.updated_at', kind: 'time' },
};

const targetPlace = (id: number) => `webhook_target/auth_header/${id}`;
const policyPlace = (id: number) => `webhook_policy/signing_secret/${id}`;

export function createWebhookStore(db: Db, box: SecretBox): WebhookStore {
  const open = (sealed: string | null, place: string) =>
    sealed === null ? undefined : isSealed(sealed) ? box.open(sealed, place) : sealed;

  async function withTargets(q: Db['read'], rows: readonly PolicyRow[]): Promise<WebhookPolicy[]> {
    if (rows.length === 0) return [];
    const ids = rows.map((row) => row.id);
    const targets = await q
      .selectFrom('webhook_target')
      .selectAll()
      .where('policy_id', 'in', ids)
      .orderBy('id')
      .execute();
    return rows.map((row) => toPolicy(row, targets));
  }

  async function insertTarget(tx: Transaction, policyId: number, target: NewTarget): Promise<void> {
    const { id } = await within(tx)
      .insertInto('webhook_target')
      .values({
        policy_id: policyId,
        type: target.type,
        address: target.address,
        auth_header: null,
        skip_cert_verify: target.skipCertVerify ? 1 : 0,
        payload_format: target.payloadFormat,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const secret = target.authHeader ?? '';
    if (secret === '') return;
    // Sealed for its own row, so the row is there first.
    await within(tx)
      .updateTable('webhook_target')
      .set({ auth_header: box.seal(secret, targetPlace(id)) })
      .where('id', '=', id)
      .execute();
  }

  return {
    async list(projectId, list) {
      const matching = applyConditions(
        db.read.selectFrom('webhook_policy').where('project_id', '=', projectId),
        list.conditions,
        listed,
      );
      const rows = await applyPage(matching.selectAll('webhook_policy'), list, listed, {
        tie: 'webhook_policy.id',
      }).execute();
      const total = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      return { entries: await withTargets(db.read, rows), total: Number(total.count) };
    },

    async listAll(projectId, tx) {
      const q = tx === undefined ? db.read : within(tx);
      const rows = await q
        .selectFrom('webhook_policy')
        .selectAll()
        .where('project_id', '=', projectId)
        .orderBy('id')
        .execute();
      return withTargets(q, rows);
    },

    async find(projectId, id) {
      const rows = await db.read
        .selectFrom('webhook_policy')
        .selectAll()
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .execute();
      return (await withTargets(db.read, rows))[0];
    },

    async insert(tx, projectId, policy, at) {
      const row = await within(tx)
        .insertInto('webhook_policy')
        .values({
          project_id: projectId,
          name: policy.name,
          description: policy.description,
          creator: policy.creator,
          enabled: policy.enabled ? 1 : 0,
          event_types: JSON.stringify(policy.eventTypes),
          signing_secret: null,
          created_at: at,
          updated_at: at,
        })
        .onConflict((conflict) => conflict.columns(['project_id', 'name']).doNothing())
        .returning('id')
        .executeTakeFirst();
      if (row === undefined) return undefined;
      for (const target of policy.targets) await insertTarget(tx, row.id, target);
      return row.id;
    },

    async update(tx, old, policy, at) {
      const q = within(tx);
      const other = await q
        .selectFrom('webhook_policy')
        .select('id')
        .where('project_id', '=', old.projectId)
        .where('name', '=', policy.name)
        .where('id', '<>', old.id)
        .executeTakeFirst();
      if (other !== undefined) return false;
      await q
        .updateTable('webhook_policy')
        .set({
          name: policy.name,
          description: policy.description,
          enabled: policy.enabled ? 1 : 0,
          event_types: JSON.stringify(policy.eventTypes),
          updated_at: at,
        })
        .where('id', '=', old.id)
        .execute();
      const before = await q
        .selectFrom('webhook_target')
        .selectAll()
        .where('policy_id', '=', old.id)
        .orderBy('id')
        .execute();
      for (const target of policy.targets) {
        const at = before.findIndex((row) => row.type === target.type && row.address === target.address);
        const [same] = at < 0 ? [] : before.splice(at, 1);
        if (same === undefined) {
          await insertTarget(tx, old.id, target);
          continue;
        }
        // The target stays the one it was: deliveries that wait for another try still find it.
        const { authHeader } = target;
        await q
          .updateTable('webhook_target')
          .set({
            skip_cert_verify: target.skipCertVerify ? 1 : 0,
            payload_format: target.payloadFormat,
            ...(authHeader === undefined
              ? {}
              : { auth_header: authHeader === '' ? null : box.seal(authHeader, targetPlace(same.id)) }),
          })
          .where('id', '=', same.id)
          .execute();
      }
      for (const { id } of before) await q.deleteFrom('webhook_target').where('id', '=', id).execute();
      return true;
    },

    async setOptions(tx, id, { repositories, tags, signingSecret }, at) {
      const secret =
        signingSecret === undefined
          ? {}
          : { signing_secret: signingSecret === null ? null : box.seal(signingSecret, policyPlace(id)) };
      await within(tx)
        .updateTable('webhook_policy')
        .set({ repositories, tags, ...secret, updated_at: at })
        .where('id', '=', id)
        .execute();
    },

    async delete(tx, projectId, id) {
      const result = await within(tx)
        .deleteFrom('webhook_policy')
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async findSending(policyId, targetId) {
      const row = await db.read
        .selectFrom('webhook_target')
        .innerJoin('webhook_policy', 'webhook_policy.id', 'webhook_target.policy_id')
        .selectAll('webhook_target')
        .select(['webhook_policy.project_id', 'webhook_policy.signing_secret'])
        .where('webhook_policy.id', '=', policyId)
        .where('webhook_target.id', '=', targetId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        projectId: row.project_id,
        policyId,
        target: toTarget(row),
        authHeader: open(row.auth_header, targetPlace(targetId)),
        signingSecret: open(row.signing_secret, policyPlace(policyId)),
      };
    },

    async listPullProjects() {
      const rows = await db.read
        .selectFrom('webhook_policy')
        .select('project_id')
        .distinct()
        .where('enabled', '=', 1)
        .where('event_types', 'like', `%"${pullType}"%`)
        .execute();
      return rows.map((row) => row.project_id);
    },
  };
}
