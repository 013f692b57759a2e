import type { Logger } from '#platform/log';
import type { Authenticator } from '#tenancy/logins';
import type { Onboarding } from '#tenancy/onboarding';
import type { Ldap } from './service.ts';

export interface LdapAuthenticatorDeps {
  readonly ldap: Pick<Ldap, 'isConfigured' | 'signIn'>;
  readonly onboarding: Onboarding;
  readonly logger: Logger;
}

/** Sign-in through the directory, for every account that is not ours. Whoever it lets in has an account afterwards. */
export function createLdapAuthenticator({ ldap, onboarding, logger }: LdapAuthenticatorDeps): Authenticator {
  return {
    async signIn(name, password, origin) {
      if (!ldap.isConfigured()) return 'unknown';
      const person = await ldap.signIn(name, password);
      if (typeof person === 'string') return person;
      const { uid, realname, email, admin, groups } = person;
      const welcomed = await onboarding.welcome({ source: 'ldap', name: uid, realname, email, admin, groups }, origin);
      if (welcomed.kind === 'account') return welcomed.actor;
      logger.warn({ name: uid, reason: welcomed.kind }, 'Somebody whom LDAP knows has no account here.');
      return 'refused';
    },
  };
}
