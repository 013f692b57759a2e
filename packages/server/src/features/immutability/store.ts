import { hash } from 'node:crypto';
import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { ImmutableRule, NewImmutableRule, RuleSelectors } from './types.ts';

export interface ImmutableRuleStore {
  list(projectId: number, list: ListQuery): Promise<{ entries: ImmutableRule[]; total: number }>;
  /** What the rules that are on choose; with a transaction as they are in there. */
  listEnabled(projectId: number, tx?: Transaction): Promise<RuleSelectors[]>;
  find(projectId: number, id: number): Promise<ImmutableRule | undefined>;
  /** How many there are. Nobody else adds one before the transaction ends. */
  count(tx: Transaction, projectId: number): Promise<number>;
  /** Undefined where the project has the same rule. */
  insert(tx: Transaction, projectId: number, rule: NewImmutableRule, at: number): Promise<number | undefined>;
  /** `same` where another rule of the project is like that. */
  update(tx: Transaction, old: ImmutableRule, rule: NewImmutableRule, at: number): Promise<'done' | 'same' | 'gone'>;
  delete(tx: Transaction, projectId: number, id: number): Promise<boolean>;
}

const listed: ListColumns = {
  id: { ref: 'immutable_rule.id', kind: 'number' },
  priority: { ref: 'immutable_rule.priority', kind: 'number' },
  disabled: { ref: 'immutable_rule.disabled', kind: 'flag' },
  creation_time: { ref: 'immutable_rule.created_at', kind: 'time' },
  update_time: { ref: 'immutable_rule.updated_at', kind: 'time' },
};

interface Row {
  readonly id: number;
  readonly project_id: number;
  readonly selectors: string;
  readonly disabled: number;
  readonly priority: number;
  readonly created_at: number;
  readonly updated_at: number;
}

const toRule = (row: Row): ImmutableRule => ({
  id: row.id,
  projectId: row.project_id,
  selectors: JSON.parse(row.selectors) as RuleSelectors,
  disabled: row.disabled === 1,
  priority: row.priority,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

function toColumns({ selectors: { tags, repositories }, disabled, priority }: NewImmutableRule) {
  const selectors = JSON.stringify({ tags, repositories });
  return { selectors, selectors_key: hash('sha256', selectors, 'hex'), disabled: disabled ? 1 : 0, priority };
}

export function createImmutableRuleStore(db: Db): ImmutableRuleStore {
  return {
    async list(projectId, list) {
      const matching = applyConditions(
        db.read.selectFrom('immutable_rule').where('project_id', '=', projectId),
        list.conditions,
        listed,
      );
      const page = applyPage(matching.selectAll('immutable_rule'), list, listed, { tie: 'immutable_rule.id' });
      const total = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      return { entries: (await page.execute()).map(toRule), total: Number(total.count) };
    },

    async listEnabled(projectId, tx) {
      const rows = await (tx === undefined ? db.read : within(tx))
        .selectFrom('immutable_rule')
        .select('selectors')
        .where('project_id', '=', projectId)
        .where('disabled', '=', 0)
        .execute();
      return rows.map((row) => JSON.parse(row.selectors) as RuleSelectors);
    },

    async find(projectId, id) {
      const row = await db.read
        .selectFrom('immutable_rule')
        .selectAll()
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && toRule(row);
    },

    async count(tx, projectId) {
      const q = within(tx);
      if (db.kind === 'postgres') {
        await q.selectFrom('project').select('id').where('id', '=', projectId).forNoKeyUpdate().execute();
      }
      const row = await q
        .selectFrom('immutable_rule')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('project_id', '=', projectId)
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    async insert(tx, projectId, rule, at) {
      const row = await within(tx)
        .insertInto('immutable_rule')
        .values({ project_id: projectId, ...toColumns(rule), created_at: at, updated_at: at })
        .onConflict((conflict) => conflict.columns(['project_id', 'selectors_key']).doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },

    async update(tx, old, rule, at) {
      const columns = toColumns(rule);
      const same = await within(tx)
        .selectFrom('immutable_rule')
        .select('id')
        .where('project_id', '=', old.projectId)
        .where('selectors_key', '=', columns.selectors_key)
        .where('id', '!=', old.id)
        .executeTakeFirst();
      if (same !== undefined) return 'same';
      const updated = await within(tx)
        .updateTable('immutable_rule')
        .set({ ...columns, updated_at: at })
        .where('id', '=', old.id)
        .where('project_id', '=', old.projectId)
        .executeTakeFirst();
      return updated.numUpdatedRows > 0n ? 'done' : 'gone';
    },

    async delete(tx, projectId, id) {
      const deleted = await within(tx)
        .deleteFrom('immutable_rule')
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .executeTakeFirst();
      return deleted.numDeletedRows > 0n;
    },
  };
}
