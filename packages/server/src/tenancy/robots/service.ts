import type { Permission } from '@entrepot/contract/permissions';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact, Transaction } from '#kernel/transaction';
import type { KeyedHash } from '#platform/crypto';
import type { Access, Project } from '#tenancy/access';
import type { Audit, AuditAction } from '#tenancy/audit';
import { assertRobotName, assertSecret, drawSecret, effective, expiryOf } from './rules.ts';
import { assertNetworks } from './networks.ts';
import type { RobotStore } from './store.ts';
import type { NewRobot, Robot, RobotChange, RobotPermission, RobotSecrets } from './types.ts';

export interface Robots {
  /**
   * Makes a robot and its secret, which is shown to nobody again. Fails with `body-invalid`, with `conflict` when there
   * is one of that name, and with `denied` when the asker gives what he has not got himself.
   */
  create(asker: Asker, robot: NewRobot): Promise<{ readonly robot: Robot; readonly secret: string }>;
  /** Changes what is given of it. Tokens it was given so far stop working. Fails as `create` does. */
  update(asker: Asker, robot: Robot, change: RobotChange): Promise<void>;
  /**
   * Replaces the secret by the given or by a new one, which is the answer. The old one is good for nothing from then.
   * Fails with `denied` where the robot may what the asker may not.
   */
  setSecret(asker: Asker, robot: Robot, secret: string | undefined): Promise<string>;
  /**
   * Draws a new secret. The old one goes on for `overlapMs`, so that it can be replaced everywhere without a gap. Fails
   * as `setSecret` does.
   */
  rotate(
    asker: Asker,
    robot: Robot,
    overlapMs: number,
  ): Promise<{ readonly secret: string; readonly oldUntil: number }>;
  delete(asker: Asker, robot: Robot): Promise<void>;
  find(id: number): Promise<Robot | undefined>;
  list(projectId: number | undefined, list: ListQuery): Promise<{ robots: Robot[]; total: number }>;
}

export interface RobotSettings {
  /** Stands before the name when a robot signs in. */
  readonly prefix: string;
  /** How long a robot lives whose maker does not say, in days; -1 for ever. */
  readonly durationDays: number;
}

export interface RobotsDeps {
  readonly store: RobotStore;
  readonly transact: Transact;
  readonly hash: KeyedHash;
  readonly access: Pick<Access, 'holds'>;
  readonly findProject: (id: number) => Promise<Project | undefined>;
  readonly audit: Pick<Audit, 'write'>;
  readonly settings: () => RobotSettings;
  readonly clock: Clock;
}

/** A secret that was replaced works for a month at most. */
const longestOverlapMs = 30 * 24 * 60 * 60 * 1000;

export const secretContext = (id: number) => `robot/${id}`;

export function createRobots(deps: RobotsDeps): Robots {
  const { store, transact, hash, access, clock } = deps;

  /** Nobody hands on what he has not got, in whatever place. */
  async function assertHeld(asker: Asker, permissions: readonly RobotPermission[]): Promise<void> {
    for (const given of permissions) {
      const place = typeof given.place === 'number' ? await deps.findProject(given.place) : given.place;
      if (place === undefined) throw new RegistryError('body-invalid', 'body.permissions: there is no such project.');
      for (const permission of effective(given)) {
        if (!(await access.holds(asker.actor, permission, place))) throw notHeld(permission);
      }
    }
  }

  /** Whoever learns or sets the secret of a robot acts as that robot: he has to have what it has. */
  async function assertMayActAs(asker: Asker, robot: Robot): Promise<void> {
    for (const given of robot.permissions) {
      const place = typeof given.place === 'number' ? await deps.findProject(given.place) : given.place;
      if (place === undefined) continue;
      for (const permission of effective(given)) {
        if (await access.holds(asker.actor, permission, place)) continue;
        const message = `You may not act as this robot: it has ${permission}, which you have not.`;
        throw new RegistryError('denied', message);
      }
    }
  }

  /** A robot that makes robots makes none that outlives it. */
  async function assertNotLonger(asker: Asker, expiresAt: number | undefined): Promise<void> {
    const { actor } = asker;
    if (actor.kind !== 'robot') return;
    const maker = await store.findById(actor.robotId);
    const end = maker?.robot.expiresAt;
    if (end !== undefined && (expiresAt === undefined || expiresAt > end)) {
      throw new RegistryError('denied', 'A robot makes no robot that lives longer than itself.');
    }
  }

  async function fullNameOf(robot: NewRobot): Promise<string> {
    if (robot.projectId === undefined) return robot.name;
    const project = await deps.findProject(robot.projectId);
    if (project === undefined) throw new RegistryError('body-invalid', 'body.permissions: there is no such project.');
    return `${project.name}+${robot.name}`;
  }

  function durationOf(durationDays: number | undefined): number {
    const days = durationDays ?? deps.settings().durationDays;
    if (days === -1 || (days >= 1 && days <= 36_500)) return days;
    throw new RegistryError('body-invalid', 'body.duration: a number of days, or -1 for ever.');
  }

  async function write(
    tx: Transaction,
    asker: Asker,
    action: AuditAction,
    before: Robot | undefined,
    after: Robot | undefined,
  ) {
    const robot = (after ?? before) as Robot;
    await deps.audit.write(tx, {
      action,
      asker,
      ...(robot.projectId === undefined ? {} : { projectId: robot.projectId }),
      resource: robot.fullName,
      outcome: 'success',
      ...(before === undefined ? {} : { before: auditState(before) }),
      ...(after === undefined ? {} : { after: auditState(after) }),
    });
  }

  async function putSecret(
    asker: Asker,
    robot: Robot,
    secret: string,
    previous: Pick<RobotSecrets, 'previousHash' | 'previousUntil'>,
  ): Promise<void> {
    await transact(async (tx) => {
      await store.setSecret(tx, robot.id, { hash: hash.of(secret, secretContext(robot.id)), ...previous }, clock());
      await write(tx, asker, 'rotate-robot', robot, robot);
    });
  }

  return {
    async create(asker, wanted) {
      // What a robot makes comes from where it comes from itself.
      const addresses = wanted.addresses ?? (asker.actor.kind === 'robot' ? asker.actor.addresses : undefined);
      const robot: NewRobot = { ...wanted, addresses };
      assertRobotName(robot.name);
      assertNetworks(robot.addresses);
      await assertHeld(asker, robot.permissions);
      const { actor } = asker;
      const at = clock();
      const durationDays = durationOf(robot.durationDays);
      const expiresAt = expiryOf(durationDays, at);
      await assertNotLonger(asker, expiresAt);
      const fullName = await fullNameOf(robot);
      const secret = drawSecret();
      const creatorType = actor.kind === 'robot' ? 'robot' : 'local';
      const creatorId = actor.kind === 'robot' ? actor.robotId : actor.kind === 'user' ? actor.userId : 0;
      const id = await transact(async (tx) => {
        const made = await store.insert(tx, robot, { fullName, durationDays, expiresAt, creatorType, creatorId, at });
        if (made === undefined) throw new RegistryError('conflict', `The robot ${fullName} exists already.`);
        const secrets = { hash: hash.of(secret, secretContext(made)), previousHash: undefined, previousUntil: 0 };
        await store.setSecret(tx, made, secrets, at);
        const after: Robot = {
          ...robot,
          id: made,
          fullName,
          durationDays,
          expiresAt,
          addresses: robot.addresses,
          repositories: robot.repositories,
          generation: 1,
          creatorType,
          creatorId,
          createdAt: at,
          updatedAt: at,
          lastUsedAt: undefined,
        };
        await write(tx, asker, 'create-robot', undefined, after);
        return made;
      });
      const stored = await store.findById(id);
      if (stored === undefined) throw new RegistryError('conflict', `The robot ${fullName} was deleted meanwhile.`);
      return { robot: stored.robot, secret };
    },
    async update(asker, robot, change) {
      assertNetworks(change.addresses);
      if (change.permissions !== undefined) await assertHeld(asker, change.permissions);
      const days = change.durationDays;
      const durationDays = days === undefined ? robot.durationDays : durationOf(days);
      // Counted from the birth, as Harbor does: sending the same duration again prolongs nothing.
      const expiresAt = durationDays === robot.durationDays ? robot.expiresAt : expiryOf(durationDays, robot.createdAt);
      if (expiresAt !== robot.expiresAt) await assertNotLonger(asker, expiresAt);
      const after: Robot = { ...robot, ...change, durationDays, expiresAt } as Robot;
      await transact(async (tx) => {
        await store.update(tx, after, clock());
        await write(tx, asker, 'update-robot', robot, after);
      });
    },
    async setSecret(asker, robot, given) {
      if (given !== undefined) assertSecret(given);
      await assertMayActAs(asker, robot);
      const secret = given ?? drawSecret();
      await putSecret(asker, robot, secret, { previousHash: undefined, previousUntil: 0 });
      return secret;
    },
    async rotate(asker, robot, overlapMs) {
      if (overlapMs < 0 || overlapMs > longestOverlapMs) {
        throw new RegistryError('body-invalid', 'body.overlap_seconds: 30 days at most.');
      }
      await assertMayActAs(asker, robot);
      const stored = await store.findById(robot.id);
      const secret = drawSecret();
      const oldUntil = clock() + overlapMs;
      await putSecret(asker, robot, secret, { previousHash: stored?.secrets.hash, previousUntil: oldUntil });
      return { secret, oldUntil };
    },
    async delete(asker, robot) {
      await transact(async (tx) => {
        await store.delete(tx, robot.id);
        await write(tx, asker, 'delete-robot', robot, undefined);
      });
    },
    find: async (id) => (await store.findById(id))?.robot,
    list: (projectId, list) => store.list(projectId, list),
  };
}

function notHeld(permission: Permission): RegistryError {
  return new RegistryError('denied', `You may not give ${permission}: you have it not yourself.`);
}

/** Everything but its secrets and its uses. */
function auditState(robot: Robot): Readonly<Record<string, unknown>> {
  const { description, permissions, disabled, durationDays, expiresAt, addresses, repositories } = robot;
  return { description, permissions, disabled, durationDays, expiresAt, addresses, repositories };
}
