import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { Checkpoint, Purge, Segment } from './types.ts';

/** Says up to which id rows can be chained, once the writers of its time have ended. */
export interface Ticket {
  readonly upTo: number;
  /** The number of a transaction that began after all those ids were drawn; none where there is one writer only. */
  readonly writer: string | undefined;
}

export interface ChainedRow {
  readonly id: number;
  readonly at: number;
  readonly action: string;
  /** The row in its canonical form. */
  readonly line: string;
}

/** A segment that is not written yet. */
export interface NextSegment extends Segment {
  /** How many of its rows each project has. */
  readonly projects: readonly { readonly id: number; readonly rows: number }[];
}

export interface ChainStore {
  /** A ticket for the rows that are there and not chained; undefined when there are none. */
  takeTicket(): Promise<Ticket | undefined>;
  /** Whether no row of a smaller id than the ticket's can appear any more. */
  isSettled(ticket: Ticket): Promise<boolean>;
  /** The next rows as they will be chained, `most` at most and none beyond `upTo`; undefined when there are none. */
  readNext(upTo: number, most: number): Promise<NextSegment | undefined>;
  /** Chains them, unless somebody else chained rows meanwhile. */
  append(tx: Transaction, next: NextSegment): Promise<void>;
  head(): Promise<Segment>;
  /** Writes down the head; undefined when that was done before. */
  insertCheckpoint(tx: Transaction, at: number): Promise<Checkpoint | undefined>;
  findLastCheckpoint(): Promise<Checkpoint | undefined>;
  /** The first head that was written down and is not in the chain as it is now. */
  findLostCheckpoint(): Promise<Checkpoint | undefined>;
  holds(hash: string): Promise<boolean>;
  listSegments(after: number, most: number): Promise<readonly Segment[]>;
  listRows(after: number, upTo: number, most: number): Promise<readonly ChainedRow[]>;
  countUnchained(): Promise<number>;
  findSegment(number: number): Promise<Segment | undefined>;
  /** What was purged, the newest first; some of it. */
  listPurges(): Promise<readonly Purge[]>;
  /** What the audit itself says of a purge, as it is kept with the row: JSON. */
  findPurgeNote(purge: Pick<Purge, 'id' | 'lastId'>): Promise<string | undefined>;
}

const mostPurges = 100;

/** What stands in the place of the hash before the first segment. */
export const origin: Segment = { number: 0, firstId: 0, lastId: 0, rows: 0, rowsTotal: 0, hash: '0'.repeat(64) };

const columns = [
  'id',
  'at',
  'actor',
  'actor_id',
  'address',
  'request_id',
  'action',
  'project_id',
  'resource',
  'digest',
  'outcome',
  'detail',
] as const;

const numbers: ReadonlySet<string> = new Set(['id', 'at', 'actor_id', 'project_id']);

/**
 * A row as canonical JSON: the array of its columns, in this order, without spaces, as `JSON.stringify` writes it. The
 * database makes it, which costs a fraction of carrying the columns here one by one.
 */
function canonicalLine(kind: Db['kind']): RawBuilder<string> {
  if (kind === 'sqlite') return sql<string>`json_array(${sql.join(columns.map((name) => sql.ref(`audit.${name}`)))})`;
  const parts = columns.map((name) => {
    const ref = sql.ref(`audit.${name}`);
    return numbers.has(name) ? sql`coalesce(${ref}::text, 'null')` : sql`coalesce(to_json(${ref})::text, 'null')`;
  });
  return sql<string>`'[' || ${sql.join(parts, sql.raw(" || ',' || "))} || ']'`;
}

/** The hash of the segment before and of the lines, with a line feed between each. */
function hashOf(kind: Db['kind'], before: string): RawBuilder<string> {
  return kind === 'sqlite'
    ? sql<string>`sha256_hex(${`${before}\n`} || group_concat(line, char(10)))`
    : sql<string>`encode(sha256(convert_to(${`${before}\n`} || string_agg(line, chr(10) order by id), 'UTF8')), 'hex')`;
}

const fewRows = 200;

export function createChainStore(db: Pick<Db, 'kind' | 'read' | 'background' | 'transact'>): ChainStore {
  const line = canonicalLine(db.kind);

  const segments = (read: Pick<Db, 'read'>['read']) =>
    read
      .selectFrom('audit_segment')
      .select(['number', 'first_id as firstId', 'last_id as lastId', 'row_count as rows'])
      .select(['rows_total as rowsTotal', 'hash']);

  async function findHead(read: Pick<Db, 'read'>['read']): Promise<Segment> {
    return (await segments(read).orderBy('number', 'desc').limit(1).executeTakeFirst()) ?? origin;
  }

  async function lastRowId(): Promise<number> {
    const last = await db.read.selectFrom('audit').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
    return last?.id ?? 0;
  }

  const checkpoints = () =>
    db.read
      .selectFrom('audit_checkpoint')
      .select(['audit_checkpoint.number', 'audit_checkpoint.rows_total as rowsTotal', 'audit_checkpoint.hash'])
      .select('at');

  return {
    async takeTicket() {
      const upTo = await lastRowId();
      if (upTo <= (await findHead(db.read)).lastId) return undefined;
      if (db.kind === 'sqlite') return { upTo, writer: undefined };
      const writer = await db.transact(async (tx) => {
        const found = await sql<{ xid: string }>`select pg_current_xact_id()::text as xid`.execute(within(tx));
        return found.rows[0]?.xid;
      });
      return { upTo, writer };
    },
    async isSettled({ writer }) {
      if (writer === undefined) return true;
      const found = await sql<{ settled: boolean }>`
        select pg_snapshot_xmin(pg_current_snapshot()) > ${writer}::xid8 as settled`.execute(db.read);
      return found.rows[0]?.settled === true;
    },
    async readNext(upTo, most) {
      const before = await findHead(db.read);
      if (upTo <= before.lastId) return undefined;
      // A handful is read sooner than another thread is asked.
      const read = upTo - before.lastId < fewRows ? db.read : db.background;
      // The subquery hands its rows over in their order; SQLite would sort them once more if it were asked for it.
      const found = await sql<{ rows: number; first: number; last: number; hash: string }>`
        select count(*) as rows, min(id) as first, max(id) as last, ${hashOf(db.kind, before.hash)} as hash
        from (select id, ${line} as line from audit
          where id > ${before.lastId} and id <= ${upTo} order by id limit ${most}) as unchained`.execute(read);
      const [next] = found.rows;
      if (next === undefined || next.rows === 0) return undefined;
      const projects = await sql<{ id: number; rows: number }>`
        select project_id as id, count(*) as rows from audit
        where id >= ${next.first} and id <= ${next.last} and project_id is not null group by project_id`.execute(read);
      return {
        number: before.number + 1,
        firstId: next.first,
        lastId: next.last,
        rows: next.rows,
        rowsTotal: before.rowsTotal + next.rows,
        hash: next.hash,
        projects: projects.rows,
      };
    },
    async append(tx, { number, firstId, lastId, rows, rowsTotal, hash, projects }) {
      const write = within(tx);
      // One at a time: who waited here sees what the one before it chained.
      if (db.kind === 'postgres') await sql`lock table audit_segment in share row exclusive mode`.execute(write);
      if ((await findHead(write)).number !== number - 1) return;
      await write
        .insertInto('audit_segment')
        .values({ number, first_id: firstId, last_id: lastId, row_count: rows, rows_total: rowsTotal, hash })
        .execute();
      const each = JSON.stringify(projects.map(({ id, rows: own }) => [id, own]));
      const list =
        db.kind === 'sqlite' ? sql`json_each(${each})` : sql`jsonb_array_elements(${each}::jsonb) as found (value)`;
      await sql`
        insert into audit_segment_project (project_id, number, row_count, rows_total)
        select counted.id, ${number}, counted.rows,
          counted.rows + coalesce((select before.rows_total from audit_segment_project as before
            where before.project_id = counted.id order by before.rows_total desc limit 1), 0)
        from (select cast(value ->> 0 as bigint) as id, cast(value ->> 1 as bigint) as rows from ${list}) as counted
        where true`.execute(write);
    },
    head: () => findHead(db.read),
    async insertCheckpoint(tx, at) {
      const write = within(tx);
      const { number, rowsTotal, hash } = await findHead(write);
      const known = await write.selectFrom('audit_checkpoint').select('number').where('number', '=', number).execute();
      if (number === 0 || known.length > 0) return undefined;
      const made = await write
        .insertInto('audit_checkpoint')
        .values({ number, rows_total: rowsTotal, hash, at })
        .onConflict((conflict) => conflict.doNothing())
        .returning('number')
        .execute();
      return made.length === 0 ? undefined : { number, rowsTotal, hash, at };
    },
    findLastCheckpoint: () => checkpoints().orderBy('number', 'desc').limit(1).executeTakeFirst(),
    findLostCheckpoint: () =>
      checkpoints()
        .leftJoin('audit_segment', 'audit_segment.number', 'audit_checkpoint.number')
        .where((where) =>
          where.or([
            where('audit_segment.hash', 'is', null),
            where('audit_segment.hash', '<>', where.ref('audit_checkpoint.hash')),
            where('audit_segment.rows_total', '<>', where.ref('audit_checkpoint.rows_total')),
          ]),
        )
        .orderBy('audit_checkpoint.number')
        .limit(1)
        .executeTakeFirst(),
    async holds(hash) {
      const found = await db.read.selectFrom('audit_segment').select('number').where('hash', '=', hash).execute();
      return found.length > 0;
    },
    listSegments: (after, most) =>
      segments(db.read).where('number', '>', after).orderBy('number').limit(most).execute(),
    async listRows(after, upTo, most) {
      const found = await sql<ChainedRow>`
        select id, at, action, ${line} as line from audit where id > ${after} and id <= ${upTo} order by id limit ${most}`.execute(
        db.background,
      );
      return found.rows;
    },
    async countUnchained() {
      const { lastId } = await findHead(db.read);
      const found = await db.read
        .selectFrom('audit')
        .select((select) => select.fn.countAll<number>().as('rows'))
        .where('id', '>', lastId)
        .executeTakeFirst();
      return Number(found?.rows ?? 0);
    },
    findSegment: (number) => segments(db.read).where('number', '=', number).executeTakeFirst(),
    async listPurges() {
      const found = await db.read
        .selectFrom('audit_purge')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(mostPurges)
        .execute();
      return found.map((row) => ({
        id: row.id,
        at: row.at,
        actor: row.actor,
        cutoff: row.cutoff,
        actions: row.actions.split(',').filter((action) => action !== ''),
        through: row.through,
        lastId: row.last_id,
        head: row.head,
        removed: row.removed,
        keptRows: row.kept_rows,
        keptHash: row.kept_hash,
        finished: row.finished === 1,
      }));
    },
    async findPurgeNote({ id, lastId }) {
      const notes = await db.read
        .selectFrom('audit')
        .select('detail')
        .where('action', '=', 'purge-audit')
        .where('id', '>', lastId)
        .orderBy('id', 'desc')
        .limit(mostPurges)
        .execute();
      return (
        notes.find(({ detail }) => (JSON.parse(detail ?? '{}') as { purge?: unknown }).purge === id)?.detail ??
        undefined
      );
    },
  };
}
