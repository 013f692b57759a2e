import type { SecretBox } from '#platform/crypto';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { secretSettings, type SettingName, type Settings, settingNames } from './table.ts';

export interface SettingStore {
  /** What was ever set. */
  read(): Promise<Partial<Settings>>;
  put(tx: Transaction, change: Partial<Settings>, at: number): Promise<void>;
}

const placeOf = (name: string) => `setting/secret/${name}`;

export function createSettingStore(db: Db, box: SecretBox): SettingStore {
  return {
    async read() {
      const rows = await db.read.selectFrom('setting').selectAll().execute();
      const known = rows.filter((row) => settingNames.includes(row.name as SettingName));
      return Object.fromEntries(
        known.map(({ name, value, secret }) => [
          name,
          secret === null ? JSON.parse(value ?? 'null') : box.open(secret, placeOf(name)),
        ]),
      ) as Partial<Settings>;
    },
    async put(tx, change, at) {
      for (const [name, value] of Object.entries(change)) {
        const isSecret = secretSettings.has(name as SettingName);
        const row = {
          value: isSecret ? null : JSON.stringify(value),
          secret: isSecret ? box.seal(String(value), placeOf(name)) : null,
          updated_at: at,
        };
        await within(tx)
          .insertInto('setting')
          .values({ name, ...row })
          .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
          .execute();
      }
    },
  };
}
