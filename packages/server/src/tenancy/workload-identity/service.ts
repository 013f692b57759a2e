import type { Asker, RobotActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Access, Project } from '#tenancy/access';
import type { Audit, AuditAction } from '#tenancy/audit';
import { parseJson, readKeySet } from '#tenancy/issuers';
import { assertConditions } from './conditions.ts';
import type { WorkloadIdentityStore } from './store.ts';
import type { NewWorkloadIdentity, WorkloadIdentity, WorkloadIdentityChange } from './types.ts';

/** A robot as one who acts; undefined when there is none, and when it may not act now. */
export type FindRobotActor = (robotId: number) => Promise<{ readonly actor: RobotActor } | undefined>;

/** Who may let whose tokens stand for which robot. */
export interface WorkloadIdentities {
  /**
   * Fails with `body-invalid`, with `conflict` when there is one of that name in its place, and with `denied` when the
   * robot has what the asker has not.
   */
  create(asker: Asker, identity: NewWorkloadIdentity): Promise<WorkloadIdentity>;
  /** Fails as `create` does. Unless only its name or description changes, tokens that were issued to its robot die. */
  update(asker: Asker, identity: WorkloadIdentity, change: WorkloadIdentityChange): Promise<WorkloadIdentity>;
  /** Tokens that were issued to its robot die with it. */
  delete(asker: Asker, identity: WorkloadIdentity): Promise<void>;
  /** Fails with `object-not-found` for one of another place. */
  get(id: number, projectId: number | undefined): Promise<WorkloadIdentity>;
  list(projectId: number | undefined, list: ListQuery): Promise<{ identities: WorkloadIdentity[]; total: number }>;
}

export interface WorkloadIdentitiesDeps {
  readonly store: WorkloadIdentityStore;
  readonly transact: Transact;
  readonly findRobotActor: FindRobotActor;
  readonly findProject: (id: number) => Promise<Project | undefined>;
  readonly access: Pick<Access, 'holds'>;
  /** Judges an address that this registry will ask. Fails with `target-refused`. */
  readonly assertTarget: (url: string, field: string) => void;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
}

export function createWorkloadIdentities(deps: WorkloadIdentitiesDeps): WorkloadIdentities {
  const { store, transact, access, clock } = deps;

  /** Whoever binds a robot to tokens of his own acts as that robot: he has to have what it has. */
  async function assertBindable(asker: Asker, { robotId, projectId }: NewWorkloadIdentity): Promise<void> {
    const robot = (await deps.findRobotActor(robotId))?.actor;
    if (robot === undefined || (projectId !== undefined && robot.projectId !== projectId)) {
      throw new RegistryError(
        'body-invalid',
        'body.robot_id: there is no such robot here, or it is disabled or expired.',
      );
    }
    for (const { place, permissions } of robot.grants) {
      const held = typeof place === 'number' ? await deps.findProject(place) : place;
      if (held === undefined) continue;
      for (const permission of permissions) {
        if (await access.holds(asker.actor, permission, held)) continue;
        throw new RegistryError('denied', `You may not act as this robot: it has ${permission}, which you have not.`);
      }
    }
  }

  function assertSound(identity: NewWorkloadIdentity): void {
    const { name, issuer, audience, jwks, conditions } = identity;
    if ([name, issuer, audience, identity.description].some((text) => text.includes('\0')) || name.trim() !== name) {
      throw new RegistryError('body-invalid', 'body.name: no NUL, and no white space around it.');
    }
    if (!issuer.startsWith('https://') || /[?#]/.test(issuer)) {
      throw new RegistryError('body-invalid', 'body.issuer: expected an https address without query and fragment.');
    }
    if (jwks === undefined) deps.assertTarget(issuer, 'body.issuer');
    else readKeySet(parseJson(Buffer.from(jwks)), 'body.jwks');
    assertConditions(conditions);
  }

  async function note(
    tx: Transaction,
    asker: Asker,
    action: AuditAction,
    before: WorkloadIdentity | undefined,
    after: NewWorkloadIdentity | undefined,
  ): Promise<void> {
    const { name, projectId } = (after ?? before) as NewWorkloadIdentity;
    await deps.audit.write(tx, {
      action,
      asker,
      ...(projectId === undefined ? {} : { projectId }),
      resource: name,
      outcome: 'success',
      ...(before === undefined ? {} : { before: auditState(before) }),
      ...(after === undefined ? {} : { after: auditState(after) }),
    });
  }

  const taken = (name: string) =>
    new RegistryError('conflict', `body.name: there is a workload identity ${name} already.`);

  async function get(id: number, projectId: number | undefined): Promise<WorkloadIdentity> {
    const found = await store.find(id, projectId);
    if (found === undefined) throw new RegistryError('object-not-found', `workload identity ${id} not found`);
    return found;
  }

  return {
    async create(asker, identity) {
      assertSound(identity);
      await assertBindable(asker, identity);
      const id = await transact(async (tx) => {
        const made = await store.insert(tx, identity, clock());
        if (made === undefined) throw taken(identity.name);
        await note(tx, asker, 'create-workload-identity', undefined, identity);
        return made;
      });
      return get(id, identity.projectId);
    },
    async update(asker, before, change) {
      const after: WorkloadIdentity = { ...before, ...change };
      assertSound(after);
      await assertBindable(asker, after);
      await transact(async (tx) => {
        if (!(await store.update(tx, after, clock()))) throw taken(after.name);
        const { name: _name, description: _description, ...decisive } = change;
        if (Object.keys(decisive).length > 0) await store.endTokens(tx, before.robotId);
        await note(tx, asker, 'update-workload-identity', before, after);
      });
      return get(before.id, before.projectId);
    },
    delete: (asker, identity) =>
      transact(async (tx) => {
        await store.delete(tx, identity.id);
        await store.endTokens(tx, identity.robotId);
        await note(tx, asker, 'delete-workload-identity', identity, undefined);
      }),
    get,
    list: (projectId, list) => store.list(projectId, list),
  };
}

/** All of it is public: keys to check with, names and patterns. */
function auditState(identity: NewWorkloadIdentity): Readonly<Record<string, unknown>> {
  const { robotId, name, description, issuer, audience, jwks, conditions, maxLifetimeMs, singleUse, disabled } =
    identity;
  return { robotId, name, description, issuer, audience, jwks, conditions, maxLifetimeMs, singleUse, disabled };
}
