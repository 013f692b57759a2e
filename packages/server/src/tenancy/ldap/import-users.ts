import type { Asker } from '#kernel/actor';
import type { Onboarding, Welcome } from '#tenancy/onboarding';
import type { Ldap } from './service.ts';

/** Somebody who could not be imported, and why. */
export interface FailedImport {
  readonly uid: string;
  readonly error: string;
}

const reasons: Readonly<Record<Exclude<Welcome['kind'], 'account'>, string>> = {
  'name-taken': 'The name belongs to an account that is not of LDAP.',
  'name-invalid': 'No account can have this name.',
  disabled: 'The account is disabled.',
};

/**
 * Makes accounts for these people, with their groups, before they sign in; those who have one are brought up to date.
 * Answers with those for whom it was not possible. Everybody is looked up first: fails as `Ldap.findUser`, with nothing done.
 */
export function createImportUsers({ ldap, onboarding }: { ldap: Pick<Ldap, 'findUser'>; onboarding: Onboarding }) {
  return async (asker: Asker, uids: readonly string[]): Promise<readonly FailedImport[]> => {
    const found: { readonly uid: string; readonly person: Awaited<ReturnType<Ldap['findUser']>> }[] = [];
    for (const uid of new Set(uids)) found.push({ uid, person: await ldap.findUser(uid) });
    const failed: FailedImport[] = [];
    for (const { uid, person } of found) {
      if (person === undefined) {
        failed.push({ uid, error: 'LDAP knows nobody of this name, or several.' });
        continue;
      }
      const { realname, email, admin, groups } = person;
      const welcomed = await onboarding.welcome(
        { source: 'ldap', name: person.uid, realname, email, admin, groups },
        asker,
      );
      if (welcomed.kind !== 'account') failed.push({ uid, error: reasons[welcomed.kind] });
    }
    return failed;
  };
}
