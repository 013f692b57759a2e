import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

export interface LoginFailureStore {
  count(userName: string, address: string, since: number): Promise<number>;
  insert(
    tx: Transaction,
    failure: { userName: string; address: string; at: number; forgetBefore: number },
  ): Promise<void>;
}

export function createLoginFailureStore(db: Db): LoginFailureStore {
  return {
    async count(userName, address, since) {
      const row = await db.read
        .selectFrom('login_failure')
        .select((q) => q.fn.countAll().as('failures'))
        .where('user_name', '=', userName)
        .where('address', '=', address)
        .where('failed_at', '>', since)
        .executeTakeFirstOrThrow();
      return Number(row.failures);
    },
    async insert(tx, { userName, address, at, forgetBefore }) {
      const q = within(tx);
      await q.insertInto('login_failure').values({ user_name: userName, address, failed_at: at }).execute();
      await q.deleteFrom('login_failure').where('failed_at', '<', forgetBefore).execute();
    },
  };
}
