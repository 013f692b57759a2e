import { actorName, type Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Events } from '#platform/outbox';
import type { DeletionStore } from '#registry/deletions';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import type { ArchivedRow, ProjectArchive } from './store.ts';
import { archivedTables } from './tables.ts';

export interface RestoredProject {
  readonly id: number;
  readonly name: string;
  /** What did not come back, in words: roles of people who are gone. */
  readonly left: readonly string[];
}

/** The undoing of deletions of whole projects. */
export interface ProjectUndo {
  /** Keeps all that the project is; in the transaction that deletes it, while it is there. */
  keep(tx: Transaction, asker: Asker, project: Project): Promise<void>;
  /**
   * Makes the project again as it was, under its id: settings, members, robots with their secrets, rules, and the
   * history of its tags. What it held was deleted before it, and is restored by deletions of its own. Fails with
   * `object-not-found`, or `project-exists` where its name is another's by now.
   */
  restore(asker: Asker, deletionId: number): Promise<RestoredProject>;
}

export interface ProjectUndoDeps {
  readonly archive: ProjectArchive;
  readonly deletions: Pick<DeletionStore, 'open'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly events: Events;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Called after a project came back, so that nothing cached says otherwise on this node. */
  readonly onRestored: (name: string) => void;
}

/** Harbor's roles have ids up to here; beyond are those that this registry was given. */
const lastBuiltInRole = 1000;

export function createProjectUndo(deps: ProjectUndoDeps): ProjectUndo {
  const { archive, deletions, audit, events, transact, clock } = deps;

  /** Roles of accounts and groups that are there still, in the words of roles that are. */
  async function keepLiving(tx: Transaction, rows: readonly ArchivedRow[], left: string[]): Promise<ArchivedRow[]> {
    const idsOf = (type: string) =>
      rows.filter((row) => row['entity_type'] === type).map((row) => Number(row['entity_id']));
    const users = await archive.present(tx, 'user_account', idsOf('u'));
    const groups = await archive.present(tx, 'user_group', idsOf('g'));
    const given = rows.map((row) => Number(row['role_id'])).filter((id) => id > lastBuiltInRole);
    const roles = await archive.present(tx, 'role', given);
    return rows.filter((row) => {
      const [entity, role] = [Number(row['entity_id']), Number(row['role_id'])];
      const isUser = row['entity_type'] === 'u';
      if (!(isUser ? users : groups).has(entity)) {
        left.push(`a role of the ${isUser ? 'user' : 'group'} ${entity}, which is not there any more`);
        return false;
      }
      if (role > lastBuiltInRole && !roles.has(role)) {
        left.push(`the role ${role} of the ${isUser ? 'user' : 'group'} ${entity}: the role is not there any more`);
        return false;
      }
      return true;
    });
  }

  async function putRows(tx: Transaction, deletionId: number, projectId: number, left: string[]): Promise<void> {
    for (const { name } of archivedTables.slice(1)) {
      const rows = await archive.rowsOf(tx, deletionId, name);
      if (name === 'quota') {
        for (const row of rows) await archive.putLimits(tx, projectId, row);
      } else if (name === 'member' || name === 'repository_member') {
        await archive.put(tx, name, await keepLiving(tx, rows, left));
      } else {
        await archive.put(tx, name, rows);
      }
    }
  }

  return {
    async keep(tx, asker, { id, name }) {
      const stroke = { at: clock(), by: actorName(asker.actor) };
      const deletionId = await deletions.open(tx, { kind: 'project', projectId: id, projectName: name, ...stroke });
      await archive.keep(tx, deletionId, id);
    },
    async restore(asker, deletionId) {
      const restored = await transact(async (tx) => {
        const held = await archive.hold(tx, deletionId, clock());
        const [row] = held === undefined ? [] : await archive.rowsOf(tx, deletionId, 'project');
        if (held === undefined || row === undefined) {
          throw new RegistryError(
            'object-not-found',
            `There is no deletion ${deletionId} of a project that can be undone: it was undone or purged already, or its time to be restored is over.`,
          );
        }
        const { projectId: id, name } = held;
        const owner = Number(row['owner_id'] ?? 0);
        const isOwned = (await archive.present(tx, 'user_account', [owner])).has(owner);
        if (!(await archive.putProject(tx, { ...row, owner_id: isOwned ? owner : null, updated_at: clock() }))) {
          throw new RegistryError(
            'project-exists',
            `There is another project named ${name} by now: delete that one first, then restore this one.`,
          );
        }
        const left: string[] = [];
        await putRows(tx, deletionId, id, left);
        await archive.drop(tx, deletionId);
        await audit.write(tx, {
          action: 'restore-project',
          asker,
          projectId: id,
          resource: name,
          outcome: 'success',
          detail: { deletion: deletionId, left: left.slice(0, 100) },
          after: { id, name },
        });
        await events.emit(tx, {
          kind: 'project-created',
          projectId: id,
          projectName: name,
          operator: actorName(asker.actor),
          requestId: asker.requestId,
        });
        return { id, name, left };
      });
      deps.onRestored(restored.name);
      return restored;
    },
  };
}
