import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '#kernel/clock';
import type { Config } from '#platform/config';
import type { Db } from '#platform/db';
import type { ManagedRoute } from '#platform/http/management';
import type { Log } from '#platform/log';
import { createOutboundRules } from '#platform/outbound';
import type { Audit } from '#tenancy/audit';
import {
  createLdap,
  createLdapAuthenticator,
  type LdapConfigurations,
  ldapRoutes,
  toLdapSettings,
} from '#tenancy/ldap';
import type { Authenticator } from '#tenancy/logins';
import { createExternalAccountStore, createOnboarding } from '#tenancy/onboarding';

export interface OpenLdapDeps {
  readonly config: Config;
  readonly db: Db;
  readonly audit: Audit;
  readonly log: Log;
  readonly clock: Clock;
  /** Harbor's settings as they are now. */
  readonly configurations: () => LdapConfigurations;
  readonly onRolesChange: () => void;
}

/** Sign-in through LDAP, and the operations about it. */
export interface OpenedLdap extends Disposable {
  readonly authenticator: Authenticator;
  readonly routes: readonly ManagedRoute[];
}

/** Fails with one sentence when the operator's certificates cannot be used. */
export async function openLdap(deps: OpenLdapDeps): Promise<OpenedLdap> {
  const { config, db, audit, log, clock, configurations, onRolesChange } = deps;
  const logger = log.forPlace('tenancy:ldap');
  const ca = config.auth.ldapCa === undefined ? undefined : await readAuthorities(config.auth.ldapCa);
  const ldap = createLdap({
    settings: () => toLdapSettings(configurations(), ca),
    outbound: createOutboundRules(config.outbound),
    logger,
    clock,
  });
  const store = createExternalAccountStore(db);
  const onboarding = createOnboarding({ store, transact: db.transact, audit, clock, onRolesChange });
  return {
    authenticator: createLdapAuthenticator({ ldap, onboarding, logger }),
    routes: ldapRoutes({ ldap, onboarding }),
    [Symbol.dispose]: () => ldap[Symbol.dispose](),
  };
}

async function readAuthorities(path: string): Promise<string> {
  try {
    const ca = await readFile(path, 'utf8');
    const certificates = ca.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    if (certificates.length === 0) throw new Error('it holds no certificate in PEM');
    // TLS would pass over one that is broken, and trust less than the operator means.
    for (const certificate of certificates) new X509Certificate(certificate);
    return ca;
  } catch (cause) {
    throw new Error(`auth.ldap_ca: the certificates in ${path} cannot be used: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
