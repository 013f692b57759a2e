import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import { createExpiring } from '#platform/cache';
import type { SecretBox } from '#platform/crypto';
import { networkOf } from '#tenancy/logins';
import type { OidcStore } from './store.ts';

/** While the browser is at the provider. */
const started = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectUri: z.string(),
  returnTo: z.string(),
});

/** While somebody new chooses a name. */
const known = z.object({
  issuer: z.string(),
  subject: z.string(),
  claims: z.record(z.string(), z.unknown()),
  idToken: z.string().optional(),
  refreshToken: z.string().optional(),
});

const kinds = { started, known };

export type StepKind = keyof typeof kinds;
export type Step<K extends StepKind> = z.infer<(typeof kinds)[K]>;

/** What a sign-in carries from one step to the next. The browser holds a token, we hold what it stands for, sealed. */
export interface Steps {
  /** Fails with `too-many-requests` when too many sign-ins are under way, from that network or in all. */
  admit(address: string): Promise<void>;
  /** Answers with the token. */
  keep<K extends StepKind>(kind: K, step: Step<K>): Promise<string>;
  find<K extends StepKind>(kind: K, token: string): Promise<Step<K> | undefined>;
  /** True for one caller only: a step is not gone twice. */
  take(tx: Transaction, token: string): Promise<boolean>;
}

export interface StepsDeps {
  readonly store: Pick<OidcStore, 'insertStep' | 'findStep' | 'deleteStep' | 'countSteps'>;
  readonly transact: Transact;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  readonly clock: Clock;
}

/** Time to find the second factor. */
export const stepMs = 10 * 60_000;

/** Anybody may begin a sign-in, and each lies in the database until it is over: an office at nine fits, a flood does not. */
const mostFromNetwork = 300;
const mostInAll = 50_000;

export function createSteps({ store, transact, box, clock }: StepsDeps): Steps {
  /** By network, in windows; this process counts its own, the rows in all are counted in the database. */
  const begun = createExpiring<{ count: number }>({ capacity: 10_000, ttlMs: stepMs, clock });

  return {
    async admit(address) {
      const network = networkOf(address);
      const own = begun.get(network) ?? { count: 0 };
      if (own.count === 0) begun.set(network, own);
      // Counted before anything is awaited, or those who come together would all be let in.
      own.count += 1;
      if (own.count <= mostFromNetwork && (await store.countSteps(clock() - stepMs)) < mostInAll) return;
      throw new RegistryError('too-many-requests', 'Too many sign-ins are under way: try again later.', {
        retryAfter: stepMs / 1000,
      });
    },
    async keep(kind, step) {
      const token = randomBytes(32).toString('base64url');
      const tokenHash = hashOf(token);
      const content = box.seal(JSON.stringify(step), placeOf(tokenHash));
      const at = clock();
      await transact((tx) => store.insertStep(tx, { tokenHash, kind, content, at }, at - stepMs), { durable: false });
      return token;
    },
    async find(kind, token) {
      const tokenHash = hashOf(token);
      const content = await store.findStep(tokenHash, kind, clock() - stepMs);
      if (content === undefined) return undefined;
      return kinds[kind].parse(JSON.parse(box.open(content, placeOf(tokenHash)))) as Step<typeof kind>;
    },
    take: (tx, token) => store.deleteStep(tx, hashOf(token)),
  };
}

const placeOf = (tokenHash: string) => `oidc_step/content/${tokenHash}`;

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
