import type { Account } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Eventually } from '#kernel/eventually';
import { createExpiring } from '#platform/cache';
import type { CertificateNames, CertificateRule, CertificateTarget } from './rules.ts';

export interface Certificates {
  /** Who a certificate stands for by the first rule that it meets; undefined for nobody, and for an account that may not act now. */
  find(names: CertificateNames): Eventually<Account | undefined>;
}

export interface CertificatesDeps {
  readonly rules: readonly CertificateRule[];
  /** The account of that name as it is today; undefined when it is disabled, expired or gone. */
  readonly findAccount: (target: CertificateTarget) => Promise<Account | undefined>;
  readonly clock: Clock;
}

/** A disabled account is noticed after so long at most. */
const verdictTtlMs = 30_000;

/** Accounts by the certificates that clients show. */
export function createCertificates({ rules, findAccount, clock }: CertificatesDeps): Certificates {
  const verdicts = createExpiring<{ account: Account | undefined }>({ capacity: 1000, ttlMs: verdictTtlMs, clock });

  return {
    find(names) {
      const target = rules.find((rule) => rule.matches(names))?.target;
      if (target === undefined) return undefined;
      const key = `${target.kind} ${target.name}`;
      const known = verdicts.get(key);
      if (known !== undefined) return known.account;
      return findAccount(target).then((account) => {
        verdicts.set(key, { account });
        return account;
      });
    },
  };
}
