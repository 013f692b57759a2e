import { randomBytes } from 'node:crypto';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { PasswordHasher } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { assertPassword } from './password-rules.ts';
import { adminName } from './service.ts';
import type { UserStore } from './store.ts';

export interface RecoverAdminDeps {
  readonly store: Pick<UserStore, 'find' | 'recover'>;
  readonly transact: Transact;
  readonly hasher: PasswordHasher;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
}

/** What an operator does who cannot sign in any more. */
export type RecoverAdmin = (
  asker: Asker,
  given: string | undefined,
) => Promise<{ readonly invented: string | undefined }>;

/**
 * Makes the function that gives the account `admin` a new password, the given one or one that it invents and answers
 * with. The account is a local administrator again and enabled, whatever it was made; its sessions and tokens end.
 * Fails with `body-invalid` for a password that cannot be, with `object-not-found` when there is no such account.
 */
export function createRecoverAdmin({ store, transact, hasher, audit, clock }: RecoverAdminDeps): RecoverAdmin {
  return async (asker, given) => {
    if (given !== undefined) assertPassword(given, adminName);
    const user = await store.find(adminName);
    if (user === undefined) {
      throw new RegistryError(
        'object-not-found',
        `There is no account ${adminName} in the database; a start of the registry makes one.`,
      );
    }
    const password = given ?? randomBytes(15).toString('base64url');
    const hash = await hasher.hash(password);
    await transact(async (tx) => {
      await store.recover(tx, user.id, hash, clock());
      await audit.write(tx, {
        action: 'change-password',
        asker,
        resource: adminName,
        outcome: 'success',
        before: { admin: user.admin, disabled: user.disabled, source: user.source },
        after: { admin: true, disabled: false, source: 'local' },
      });
    });
    return { invented: given === undefined ? password : undefined };
  };
}
