import {
  createProjectMember,
  deleteProjectMember,
  listProjectMembers,
  updateProjectMember,
} from '@entrepot/contract/harbor/member';
import { findGroup } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { brief, inProject, type Kind } from '#src/state/kind';
import { type Place, name, needed, optional, type Read, type ReadBy, record } from '#src/state/read-value';
import { findRoleId, roleNameOf, roleWithinProject } from '#src/state/role-names';

/** Whose role it is: exactly one of the two is said. */
export interface Whom {
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** Notes a fault unless one user or one group is named. */
export function checkWhom(whom: Whom, place: Place): void {
  if ((whom.user === undefined) === (whom.group === undefined)) {
    place.fault('expected either user or group');
  }
}

export const keyOfWhom = ({ user, group }: Whom): string => (user === undefined ? `group ${group}` : user);

export const whomOf = (type: string | undefined, called: string | undefined): Whom =>
  type === 'g' ? { user: undefined, group: called } : { user: called, group: undefined };

const plain = record({ user: optional(name), group: optional(name), role: needed(name) });

type Member = ReadBy<typeof plain>;

const read: Read<Member> = (value, place) => {
  const member = plain(value, place);
  if (member !== undefined) {
    checkWhom(member, place);
  }
  return member;
};

/** How a file of the project names a role. Never fails. */
export function writeRole(role: string, project: string | undefined): string {
  return roleWithinProject(project ?? '', role) ?? role;
}

export const members: Kind<Member> = {
  noun: 'member',
  read,
  write: ({ role, ...whom }, project) => brief({ ...whom, role: writeRole(role, project) }),
  keyOf: keyOfWhom,
  async list(client, project) {
    const found = await Array.fromAsync(listAll(client, listProjectMembers, inProject(project)));
    return found.map((member) => ({
      id: member.id ?? 0,
      entry: {
        ...whomOf(member.entity_type, member.entity_name),
        role: roleNameOf(member.role_id, member.role_name),
      },
    }));
  },
  async create({ client }, { user, group, role }, project) {
    const whom =
      user === undefined
        ? { member_group: { id: (await findGroup(client, group ?? '')).id } }
        : { member_user: { username: user } };
    const body = { role_id: await findRoleId(client, role), ...whom };
    await client.call(createProjectMember, { ...inProject(project), body });
  },
  async change({ client }, { role }, { id }, project) {
    const { params, headers } = inProject(project);
    const body = { role_id: await findRoleId(client, role) };
    await client.call(updateProjectMember, { params: { ...params, mid: id }, headers, body });
  },
  async remove({ client }, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(deleteProjectMember, { params: { ...params, mid: id }, headers });
  },
};
