import { type SqlBool, sql } from 'kysely';
import type { Condition, ListQuery } from '#kernel/list-query';
import { applyConditions, type Db, type ListColumns } from '#platform/db';
import { type ActionCondition, describeSort, readActions, readOutcome, soleKey } from './list-rules.ts';
import type { AuditRow, AuditScope } from './types.ts';

/** Where a walk through the rows in the order of time has come to. */
export interface AuditCursor {
  readonly at: number;
  readonly id: number;
}

export interface AuditReads {
  /**
   * A page of the rows in scope that fulfil the conditions, in the order in which they were written, and how many there
   * are. Fails with `query-invalid` for fields that there are not.
   */
  list(scope: AuditScope, query: ListQuery): Promise<{ readonly rows: readonly AuditRow[]; readonly total: number }>;
  /** The next rows of a stretch of time, and where to go on; looks at no more than a bounded number of rows. */
  walk(
    range: { readonly from: number; readonly to: number; readonly projectId: number | undefined },
    after: AuditCursor | undefined,
  ): Promise<{ readonly rows: readonly AuditRow[]; readonly next: AuditCursor | undefined }>;
}

/** By what rows may be picked; operation, resource_type and operation_result are read from the action and the outcome. */
const columns: ListColumns = {
  id: { ref: 'audit.id', kind: 'number' },
  username: { ref: 'audit.actor', kind: 'text' },
  resource: { ref: 'audit.resource', kind: 'text' },
  op_time: { ref: 'audit.at', kind: 'time' },
  project_id: { ref: 'audit.project_id', kind: 'number' },
  address: { ref: 'audit.address', kind: 'text' },
  request_id: { ref: 'audit.request_id', kind: 'text' },
  digest: { ref: 'audit.digest', kind: 'text' },
};

/** Rows that one step of a walk looks at. */
const rowsPerStep = 1000;

/** Whose rows are listed: a project's, or all. */
type Key = 'every' | number;

function aliased(field: string) {
  const [ref = '', name = ref.replace('audit.', '')] = field.split(' as ');
  return sql`${sql.ref(ref)} as ${sql.id(name)}`;
}

export function createAuditReads(db: Pick<Db, 'read' | 'background'>): AuditReads {
  const fields = [
    'audit.id',
    'audit.at',
    'audit.actor',
    'audit.actor_id as actorId',
    'audit.address',
    'audit.request_id as requestId',
    'audit.action',
    'audit.project_id as projectId',
    'audit.resource',
    'audit.digest',
    'audit.outcome',
    'audit.detail',
  ] as const;

  const rows = () => db.read.selectFrom('audit');
  /** For what may look at many rows. */
  const manyRows = (): Rows => db.background.selectFrom('audit');
  type Rows = ReturnType<typeof rows>;

  const read = async (query: Rows): Promise<readonly AuditRow[]> => query.select(fields).execute();

  async function count(query: Rows): Promise<number> {
    const found = await query.select((select) => select.fn.countAll<number>().as('rows')).executeTakeFirst();
    return Number(found?.rows ?? 0);
  }

  /** The end of the chain as it is now: a list that is put together by several reads sticks to it. */
  async function findEnd(): Promise<{ readonly number: number; readonly lastId: number }> {
    const found = await db.read
      .selectFrom('audit_segment')
      .select(['number', 'last_id as lastId'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    return found ?? { number: 0, lastId: 0 };
  }

  /** Up to where purges have gone through the chain: its segments there do not tell what is left. */
  async function findPurged(): Promise<{ readonly through: number; readonly lastId: number }> {
    const found = await db.read
      .selectFrom('audit_purge')
      .select(['through', 'last_id as lastId'])
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return found ?? { through: 0, lastId: 0 };
  }

  const keptOf = (key: Key, lastId: number) => manyRows().where('audit.id', '<=', lastId).where(isOfKey(key));

  const isOfKey = (key: Key) => (key === 'every' ? sql<SqlBool>`1 = 1` : sql<SqlBool>`audit.project_id = ${key}`);

  /** The segments that hold rows of the key: how many there are up to each, and how many in it. */
  function segmentsOf(key: Key, until: number) {
    return key === 'every'
      ? sql`(select number, row_count as rows, rows_total as total from audit_segment where number <= ${until})`
      : sql`(select number, row_count as rows, rows_total as total from audit_segment_project
          where project_id = ${key} and number <= ${until})`;
  }

  async function countChained(key: Key, until: number): Promise<number> {
    const found = await sql<{ total: number }>`
      select total from ${segmentsOf(key, until)} as held order by total desc limit 1`.execute(db.read);
    return Number(found.rows[0]?.total ?? 0);
  }

  async function countProjects(projectIds: readonly number[]): Promise<number> {
    const end = await findEnd();
    const purged = await findPurged();
    let total = 0;
    for (const id of projectIds) {
      total += (await countChained(id, end.number)) - (await countChained(id, purged.through));
      if (purged.through > 0) total += await count(keptOf(id, purged.lastId));
    }
    if (projectIds.length === 0) return total;
    return total + (await count(rows().where('audit.id', '>', end.lastId).where('audit.project_id', 'in', projectIds)));
  }

  /**
   * The chained rows of a key whose places, counted from the oldest, are from `first` to `last`; in the order of
   * writing. The segments tell where they are, so that every page costs the same.
   */
  async function readPlaces(key: Key, until: number, first: number, last: number) {
    // Each segment holds a row at least.
    const held = await sql<{ rows: number; total: number }>`
      select rows, total from ${segmentsOf(key, until)} as held
      where total > ${first} order by total limit ${last - first + 1}`.execute(db.read);
    const needed = held.rows.filter((segment) => segment.total - segment.rows <= last);
    const [lowest, highest] = [needed[0], needed.at(-1)];
    if (lowest === undefined || highest === undefined) return [];
    // A cross join is taken in this order by SQLite: only the stretches of these segments are looked at.
    const found = await sql<AuditRow>`
      select ${sql.join(fields.map(aliased))}
      from ${segmentsOf(key, until)} as held
      cross join audit_segment as segment cross join audit
      where held.total >= ${lowest.total} and held.total <= ${highest.total} and segment.number = held.number
        and audit.id >= segment.first_id and audit.id <= segment.last_id and ${isOfKey(key)}
      order by audit.id limit ${last - first + 1} offset ${first - (lowest.total - lowest.rows)}`.execute(
      db.background,
    );
    return found.rows;
  }

  /** A page without further conditions: the rows that are not chained yet are the newest. */
  async function listKeyed(key: Key, query: ListQuery, descending: boolean) {
    const end = await findEnd();
    const purged = await findPurged();
    const newest = rows().where('audit.id', '>', end.lastId).where(isOfKey(key));
    const kept = keptOf(key, purged.lastId);
    // Places from the oldest: what purges left, then the segments after them, then what is not chained.
    const left = purged.through === 0 ? 0 : await count(kept);
    const skippedTotal = await countChained(key, purged.through);
    const chained = left + (await countChained(key, end.number)) - skippedTotal;
    const total = chained + (await count(newest));
    const skipped = (query.page - 1) * query.pageSize;
    const last = descending ? total - 1 - skipped : Math.min(skipped + query.pageSize, total) - 1;
    const first = descending ? Math.max(0, last - query.pageSize + 1) : skipped;
    if (last < first) return { rows: [], total };
    const places = (from: number, to: number) =>
      ({ offset: Math.max(0, first - from), limit: Math.min(last, to - 1) - Math.max(first, from) + 1 }) as const;
    const page: AuditRow[] = [];
    if (first < left) page.push(...(await read(paged(kept, places(0, left)))));
    if (first < chained && last >= left) {
      const shift = skippedTotal - left;
      const [from, to] = [Math.max(first, left) + shift, Math.min(last, chained - 1) + shift];
      page.push(...(await readPlaces(key, end.number, from, to)));
    }
    if (last >= chained) page.push(...(await read(paged(newest, places(chained, total)))));
    return { rows: descending ? page.toReversed() : page, total };
  }

  const paged = (query: Rows, { offset, limit }: { readonly offset: number; readonly limit: number }): Rows =>
    query.orderBy('audit.id').offset(offset).limit(limit);

  function ofScope(query: Rows, scope: AuditScope): Rows {
    if (scope.kind === 'all') return query;
    if (scope.kind === 'every-project') return query.where('audit.project_id', 'is not', null);
    return scope.projectIds.length === 0
      ? query.where(sql<SqlBool>`1 = 0`)
      : query.where('audit.project_id', 'in', scope.projectIds);
  }

  function ofActions(query: Rows, picked: ActionCondition | undefined): Rows {
    if (picked === undefined) return query;
    if (picked.actions.length === 0) return query.where(sql<SqlBool>`1 = 0`);
    const among = query.where('audit.action', 'in', picked.actions);
    // Said in these words, the rows of pulls, which are nearly all, need not be looked at.
    return picked.actions.includes('pull-artifact')
      ? among
      : among.where(sql<SqlBool>`audit.action <> 'pull-artifact'`);
  }

  function filtered(scope: AuditScope, conditions: readonly Condition[]): Rows {
    const { actions, others } = readActions(conditions);
    const { outcome, plain } = readOutcome(others);
    const query = ofActions(ofScope(manyRows(), scope), actions);
    const judged = outcome === undefined ? query : query.where('audit.outcome', '=', outcome);
    return applyConditions(judged, plain, columns);
  }

  return {
    async list(scope, query) {
      const descending = describeSort(query.sort);
      const key = soleKey(scope, query.conditions);
      if (key !== undefined) return listKeyed(key, query, descending);
      const picked = filtered(scope, query.conditions);
      const direction = descending ? 'desc' : 'asc';
      // A stretch of time is found by the index on it, and is then in the order of time.
      const byTime = query.conditions.some(({ field }) => field === 'op_time');
      const page = (byTime ? picked.orderBy('audit.at', direction) : picked)
        .orderBy('audit.id', direction)
        .offset((query.page - 1) * query.pageSize)
        .limit(query.pageSize);
      const total =
        query.conditions.length === 0 && scope.kind === 'projects'
          ? await countProjects(scope.projectIds)
          : await count(picked);
      return { rows: total === 0 ? [] : await read(page), total };
    },
    async walk({ from, to, projectId }, after) {
      const start = after?.at ?? from;
      const step = manyRows()
        .where('audit.at', '>=', start)
        .where('audit.at', '<', to)
        .$if(after !== undefined, (query) =>
          query.where((where) => where.or([where('audit.at', '>', start), where('audit.id', '>', after?.id ?? 0)])),
        )
        .orderBy('audit.at')
        .orderBy('audit.id')
        .limit(rowsPerStep);
      if (projectId === undefined) {
        const found = await read(step);
        const last = found.at(-1);
        return { rows: found, next: found.length < rowsPerStep || last === undefined ? undefined : last };
      }
      const looked = step.select(['audit.id', 'audit.at', 'audit.project_id']).as('looked');
      const found = await read(
        manyRows()
          .innerJoin(looked, 'looked.id', 'audit.id')
          .where('looked.project_id', '=', projectId)
          .orderBy('looked.at')
          .orderBy('looked.id') as unknown as Rows,
      );
      const ends = await db.background
        .selectFrom(looked)
        .select(['looked.id', 'looked.at'])
        .orderBy('looked.at', 'desc')
        .orderBy('looked.id', 'desc')
        .select((select) => select.fn.countAll<number>().over().as('rows'))
        .limit(1)
        .executeTakeFirst();
      return { rows: found, next: Number(ends?.rows ?? 0) < rowsPerStep ? undefined : ends };
    },
  };
}
