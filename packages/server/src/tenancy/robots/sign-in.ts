import { anonymous, type RobotActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import type { Transact } from '#kernel/transaction';
import { createExpiring } from '#platform/cache';
import { createSecretDigest, type KeyedHash } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { failuresKeptSince, type LoginFailureStore, type LoginOrigin, networkOf } from '#tenancy/logins';
import { assertAddress } from './networks.ts';
import { isAlive, toActor } from './rules.ts';
import { type RobotSettings, secretContext } from './service.ts';
import type { RobotStore, StoredRobot } from './store.ts';

export interface RobotSignIn extends AsyncDisposable {
  /** Whether a name is that of a robot, there or not: it is asked for here and nowhere else. */
  isMine(name: string): boolean;
  /**
   * Checks a robot's name and secret. Fails with `unauthorized`, the same for a wrong name, a wrong secret and a robot
   * that is disabled or has expired, and with `login-throttled` after too many failures.
   */
  signIn(name: string, secret: string, origin: LoginOrigin): Eventually<RobotActor>;
  /** The robot as one who acts, with the generation that its tokens carry; undefined when it may not act now. */
  findActor(id: number): Promise<{ readonly actor: RobotActor; readonly generation: number } | undefined>;
}

export interface RobotSignInDeps {
  readonly store: RobotStore;
  readonly failures: LoginFailureStore;
  readonly transact: Transact;
  readonly hash: KeyedHash;
  readonly audit: Pick<Audit, 'note'>;
  readonly settings: () => RobotSettings;
  readonly clock: Clock;
  readonly attempts: number;
  readonly windowMs: number;
}

/** A disabled robot or a replaced secret is noticed after so long at most. */
const verdictTtlMs = 30_000;

/** Uses are written down in one go. */
const useFlushMs = 30_000;
const longestName = 512;

export function createRobotSignIn(deps: RobotSignInDeps): RobotSignIn {
  const { store, failures, transact, hash, clock } = deps;
  const verdicts = createExpiring<RobotActor>({ capacity: 10_000, ttlMs: verdictTtlMs, clock });
  const digest = createSecretDigest();
  const used = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;

  async function writeUses(): Promise<void> {
    timer = undefined;
    const uses = [...used];
    used.clear();
    if (uses.length === 0) return;
    await transact(
      async (tx) => {
        for (const [id, at] of uses) await store.noteUse(tx, id, at);
      },
      { durable: false },
    );
  }

  function noteUse(id: number): void {
    used.set(id, clock());
    // A use that cannot be written down is no reason to fail anything; the next one is.
    timer ??= setTimeout(() => void writeUses().catch(() => undefined), useFlushMs).unref();
  }

  function hasSecret({ robot, secrets }: StoredRobot, secret: string): boolean {
    const context = secretContext(robot.id);
    const now = hash.matches(secret, context, secrets.hash);
    const before =
      secrets.previousHash !== undefined &&
      secrets.previousUntil > clock() &&
      hash.matches(secret, context, secrets.previousHash);
    return now || before;
  }

  async function check(key: string, name: string, secret: string, origin: LoginOrigin): Promise<RobotActor> {
    const network = networkOf(origin.address);
    const since = clock() - deps.windowMs;
    const tried = name.slice(0, longestName).replaceAll('\0', '\ufffd');
    if ((await failures.count(tried, network, since)) >= deps.attempts) {
      throw new RegistryError('login-throttled', 'Too many failed sign-ins from this address; try again later.', {
        retryAfter: Math.ceil(deps.windowMs / 1000),
      });
    }
    const { prefix } = deps.settings();
    const stored = tried === name ? await store.findByFullName(name.slice(prefix.length)) : undefined;
    // A name that nobody has costs a hash as well.
    const right = stored === undefined ? hash.matches(secret, secretContext(0), '') : hasSecret(stored, secret);
    const alive = right && stored !== undefined && isAlive(stored.robot, clock()) ? stored.robot : undefined;
    const actor = alive && toActor(alive, prefix);
    deps.audit.note({
      action: 'login',
      asker: { actor: actor ?? anonymous, address: origin.address, requestId: origin.requestId },
      resource: tried,
      outcome: actor === undefined ? 'failure' : 'success',
    });
    if (alive === undefined || actor === undefined) {
      const forgetBefore = failuresKeptSince(clock(), deps.windowMs);
      const failure = { userName: tried, address: network, at: clock(), forgetBefore };
      await transact((tx) => failures.insert(tx, failure), { durable: false });
      throw new RegistryError('unauthorized', 'The user name or password is not right.');
    }
    const left = alive.expiresAt === undefined ? verdictTtlMs : alive.expiresAt - clock();
    verdicts.set(key, actor, Math.min(verdictTtlMs, left));
    return admit(actor, origin);
  }

  function admit(actor: RobotActor, origin: LoginOrigin): RobotActor {
    assertAddress(actor, origin.address);
    noteUse(actor.robotId);
    return actor;
  }

  return {
    isMine: (name) => name.startsWith(deps.settings().prefix),
    signIn(name, secret, origin) {
      const key = digest(`${name}\0${secret}`);
      const known = verdicts.get(key);
      return known === undefined ? check(key, name, secret, origin) : admit(known, origin);
    },
    async findActor(id) {
      const stored = await store.findById(id);
      if (stored === undefined || !isAlive(stored.robot, clock())) return undefined;
      return { actor: toActor(stored.robot, deps.settings().prefix), generation: stored.robot.generation };
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await writeUses();
    },
  };
}
