import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { Failures } from './back-off.ts';

export interface LoginFailureStore {
  tell(
    userName: string,
    address: string,
    times: { readonly since: number; readonly keptSince: number },
  ): Promise<Failures>;
  count(userName: string, address: string, since: number): Promise<number>;
  insert(
    tx: Transaction,
    failure: { userName: string; address: string; at: number; forgetBefore: number },
  ): Promise<void>;
}

export function createLoginFailureStore(db: Db): LoginFailureStore {
  return {
    async tell(userName, address, { since, keptSince }) {
      const row = await db.read
        .selectFrom('login_failure')
        .select((q) => [
          q.fn.countAll<number>().as('kept'),
          q.fn.sum<number | null>(q.case().when('failed_at', '>', since).then(1).else(0).end()).as('recent'),
          q.fn.max<number | null>('failed_at').as('last'),
        ])
        .where('user_name', '=', userName)
        .where('address', '=', address)
        .where('failed_at', '>', keptSince)
        .executeTakeFirstOrThrow();
      return { kept: Number(row.kept), recent: Number(row.recent ?? 0), lastAt: Number(row.last ?? 0) };
    },
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
