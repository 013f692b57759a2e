import type { Asker } from '#kernel/actor';
import { createAccess } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import { createCveAllowlistStore } from '#tenancy/cve-allowlists';
import { createMemberStore } from '#tenancy/members';
import { createProjectReadModel, createProjectStore, createProjects } from '#tenancy/projects';
import type { TestDatabase } from '#testing/databases';
import { addUserRow } from '#testing/rows';
import { createTestClock } from '#testing/test-clock';

type Entry = Parameters<Audit['write']>[1];

const asks = (userId: number, name: string, admin: boolean): Asker => ({
  actor: { kind: 'user', userId, name, admin },
  address: '192.0.2.1',
  requestId: 'request',
});

/** The services of people and projects on a database, with an administrator and what was written to the audit. */
export async function startPeople({ db }: TestDatabase) {
  const { clock, advance } = createTestClock();
  const { transact } = db;
  const audited: Entry[] = [];
  const audit = { write: async (_tx: unknown, entry: Entry) => void audited.push(entry) };
  const store = createProjectStore(db);
  const members = createMemberStore(db);
  const allowlists = createCveAllowlistStore(db);
  const access = createAccess({ projects: store, roles: members, clock, anonymousPull: true });
  const changed: string[] = [];
  const projects = createProjects({
    store,
    readModel: createProjectReadModel(db),
    members,
    allowlists,
    transact,
    audit,
    clock,
    onChange(name) {
      changed.push(name);
      access.forgetProject(name);
    },
    onUploadsAbandoned: () => undefined,
    onRolesChange: access.forgetRoles,
  });
  const admin = asks(await addUserRow(db, 'admin'), 'admin', true);
  return {
    db,
    clock,
    advance,
    transact,
    audit,
    audited,
    access,
    members,
    allowlists,
    projects,
    changed,
    admin,
    /** Somebody new who asks. */
    async person(name: string): Promise<Asker & { readonly id: number }> {
      const id = await addUserRow(db, name);
      return { ...asks(id, name, false), id };
    },
  };
}
