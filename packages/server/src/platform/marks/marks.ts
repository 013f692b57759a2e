import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

/** When work over the whole storage last came to its end, and what it found. */
export interface Mark {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly detail: Readonly<Record<string, number>>;
}

/** One mark for each name. */
export interface Marks {
  read(name: string): Promise<Mark | undefined>;
  write(tx: Transaction, name: string, mark: Mark): Promise<void>;
}

export function createMarks(db: Db): Marks {
  return {
    async read(name) {
      const row = await db.read
        .selectFrom('storage_mark')
        .select(['at', 'detail'])
        .where('name', '=', name)
        .executeTakeFirst();
      return row && { at: Number(row.at), detail: JSON.parse(row.detail) as Mark['detail'] };
    },

    async write(tx, name, { at, detail }) {
      const values = { at, detail: JSON.stringify(detail) };
      await within(tx)
        .insertInto('storage_mark')
        .values({ name, ...values })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
        .execute();
    },
  };
}
