import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { SecretBox } from '#platform/crypto';
import type { Logger } from '#platform/log';
import type { GuardedRequest } from '#platform/outbound';
import type { Audit } from '#tenancy/audit';
import type { Issuers } from '#tenancy/issuers';
import { type CliSecrets, createCliSecrets } from './cli-secrets.ts';
import { createProvider } from './provider.ts';
import { createSignIns, type SignIns } from './sign-ins.ts';
import { createStanding } from './standing.ts';
import { createSteps } from './steps.ts';
import type { OidcStore } from './store.ts';
import type { OidcSettings } from './types.ts';

export interface Oidc {
  readonly signIns: SignIns;
  readonly cliSecrets: CliSecrets;
  /** Asks the provider about everybody who is around and was not asked about for a while: to be called every minute. */
  refreshDue(): Promise<number>;
}

export interface OidcDeps {
  /** The settings in force; undefined while people do not sign in through OpenID Connect. */
  readonly settings: () => OidcSettings | undefined;
  readonly store: OidcStore;
  readonly issuers: Issuers;
  readonly request: GuardedRequest;
  readonly transact: Transact;
  readonly box: SecretBox;
  readonly audit: Pick<Audit, 'write' | 'note'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when groups or administration changed, so that nothing cached says otherwise on this node. */
  readonly onMembershipChanged: () => void;
  /** Milliseconds that a failed ping takes, whatever failed; 10 s if absent. */
  readonly pingMs?: number;
}

/** Sign-in at an OpenID provider: in the browser, and by CLI secret and ID token without one. */
export function createOidc(deps: OidcDeps): Oidc {
  const provider = createProvider(deps);
  const standing = createStanding({ ...deps, provider });
  const steps = createSteps(deps);
  return {
    signIns: createSignIns({ ...deps, provider, standing, steps }),
    cliSecrets: createCliSecrets({ ...deps, provider, standing }),
    refreshDue: standing.refreshDue,
  };
}
