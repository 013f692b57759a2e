import { isFirstProcess } from '#app/workers';
import type { Clock } from '#kernel/clock';
import type { Config } from '#platform/config';
import type { SecretBox } from '#platform/crypto';
import type { Db } from '#platform/db';
import type { Log } from '#platform/log';
import { createGuardedRequest } from '#platform/outbound';
import type { Audit } from '#tenancy/audit';
import { createIssuers, type Issuers } from '#tenancy/issuers';
import type { Authenticator } from '#tenancy/logins';
import { createOidc, createOidcStore, type Oidc, type OidcConfigurations, toOidcSettings } from '#tenancy/oidc';

export interface OpenOidcDeps {
  readonly config: Pick<Config, 'outbound'>;
  readonly db: Db;
  readonly box: SecretBox;
  readonly audit: Audit;
  readonly log: Log;
  readonly clock: Clock;
  /** Harbor's settings as they are now. */
  readonly configurations: () => OidcConfigurations;
  readonly onRolesChange: () => void;
}

/** Sign-in at an OpenID provider, and whose keys are known for it. */
export interface OpenedOidc extends Disposable {
  readonly oidc: Oidc;
  readonly issuers: Issuers;
  /** Takes CLI secrets for passwords. */
  readonly authenticator: Authenticator;
}

const refreshMs = 60_000;

/** Asks the provider about people in the background until disposal. */
export function openOidc(deps: OpenOidcDeps): OpenedOidc {
  const { config, db, box, audit, log, clock } = deps;
  const logger = log.forPlace('tenancy:oidc');
  const request = createGuardedRequest({
    config: config.outbound,
    onFailure: (origin, reason) => logger.info({ origin, reason }, 'An issuer could not be reached.'),
  });
  const issuers = createIssuers({ request, clock });
  const oidc = createOidc({
    settings: () => toOidcSettings(deps.configurations()),
    store: createOidcStore(db),
    issuers,
    request,
    transact: db.transact,
    box,
    audit,
    clock,
    logger,
    onMembershipChanged: deps.onRolesChange,
  });
  const refresh = () => {
    oidc.refreshDue().catch((error: unknown) => {
      logger.warn({ error }, 'The provider could not be asked about people; the next round tries again.');
    });
  };
  const timer = isFirstProcess() ? setInterval(refresh, refreshMs).unref() : undefined;
  return {
    oidc,
    issuers,
    authenticator: {
      // A wrong secret is no other answer than a wrong name, which takes as long as a password.
      signIn: async (name, secret) => (await oidc.cliSecrets.signIn(name, secret)) ?? 'unknown',
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
