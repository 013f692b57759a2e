import type { PasswordHasher } from '#platform/crypto';
import type { UserStore } from '#tenancy/users';
import type { Authenticator } from './types.ts';

/** Our own accounts. Those that are known from elsewhere have no password here, and are not asked for one. */
export function createLocalAuthenticator(deps: {
  readonly users: Pick<UserStore, 'find'>;
  readonly hasher: Pick<PasswordHasher, 'verify'>;
}): Authenticator {
  return {
    async signIn(name, password) {
      const user = await deps.users.find(name);
      if (user === undefined || user.source !== 'local') return 'unknown';
      const right = await deps.hasher.verify(password, user.password);
      if (!right || user.disabled) return 'refused';
      return { kind: 'user', userId: user.id, name: user.name, admin: user.admin };
    },
  };
}
