import {
  createUser,
  deleteUser,
  getCurrentUserInfo,
  getCurrentUserPermissions,
  getUser,
  listUsers,
  searchUsers,
  setUserSysAdmin,
  updateUserPassword,
  updateUserProfile,
} from '@entrepot/contract/harbor/user';
import { type Actor, type Asker, userIdOf } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import { type Condition, readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Access, Project } from '#tenancy/access';
import type { Accounts, UserDetail } from '#tenancy/users';
import { listPermissions } from './permissions-of.ts';
import { createRegistration } from './registration.ts';

export interface UserRoutesDeps {
  readonly accounts: Accounts;
  readonly access: Access;
  readonly clock: Clock;
  /** Whether everybody may make an account for himself. */
  readonly selfRegistration: () => Eventually<boolean>;
  /** After so many days people are reminded to change their password; never when 0. */
  readonly passwordMaxAgeDays: () => Eventually<number>;
  readonly findProject: (nameOrId: string) => Promise<Project | undefined>;
  /** How an account signs in at the OpenID provider, as Harbor shows it: with its CLI secret for its owner only. */
  readonly oidcMetaOf?: ((userId: number, isOwner: boolean) => Promise<object | undefined>) | undefined;
}

const dayMs = 86_400_000;

const show = (user: UserDetail) => ({
  email: user.email,
  realname: user.realname,
  comment: user.comment,
  user_id: user.id,
  username: user.name,
  sysadmin_flag: user.admin,
  admin_role_in_auth: user.adminInAuth,
  creation_time: new Date(user.createdAt).toISOString(),
  update_time: new Date(user.updatedAt).toISOString(),
});

/** A field that is not there stays as it is, null clears it. */
function readProfile(body: {
  readonly email?: string | null | undefined;
  readonly realname?: string | null | undefined;
  readonly comment?: string | null | undefined;
}) {
  const given = Object.entries({ email: body.email, realname: body.realname, comment: body.comment });
  return Object.fromEntries(given.flatMap(([name, text]) => (text === undefined ? [] : [[name, text ?? '']])));
}

function personOf(actor: Actor): number {
  const id = userIdOf(actor);
  if (id !== undefined) return id;
  throw new RegistryError('precondition-failed', 'Robots are no users: there is nothing to show of one here.');
}

export function userRoutes(deps: UserRoutesDeps): ManagedRoute[] {
  const { accounts, access, clock } = deps;
  const registration = createRegistration({ clock });

  async function get(id: number): Promise<UserDetail> {
    const user = await accounts.get(id);
    if (user === undefined) throw new RegistryError('object-not-found', `user ${id} not found`);
    return user;
  }

  /** Everybody may about himself. Others learn nothing of who there is. */
  async function demandFor(asker: Asker, id: number, permission: 'user:read' | 'user:update'): Promise<void> {
    if (userIdOf(asker.actor) !== id) await access.demandInSystem(asker.actor, permission);
  }

  /** Whether people make their own accounts is for the settings to say; otherwise it needs the permission. */
  async function admit({ actor, address }: Asker): Promise<void> {
    if (actor.kind === 'token') throw new RegistryError('denied', 'A registry token is for /v2 only.');
    if (await access.mayInSystem(actor, 'user:create')) return;
    if (!(await deps.selfRegistration())) return access.demandInSystem(actor, 'user:create');
    registration.admit(address);
  }

  async function detailOf(user: UserDetail, { actor }: Asker) {
    const meta = await deps.oidcMetaOf?.(user.id, userIdOf(actor) === user.id);
    return { ...show(user), ...(meta && { oidc_user_meta: meta }) };
  }

  /** A reminder for people: nobody is locked out for an old password. */
  async function ageOf(user: UserDetail): Promise<Record<string, string>> {
    const most = await deps.passwordMaxAgeDays();
    const days = Math.floor((clock() - user.passwordChangedAt) / dayMs);
    return user.source === 'local' && most > 0 && days >= most ? { 'X-Entrepot-Password-Age': String(days) } : {};
  }

  return [
    serve(listUsers, async ({ query, url }) => {
      const list = readListQuery(query);
      const conditions: Condition[] = (['username', 'email'] as const).flatMap((field) =>
        query[field] === undefined ? [] : [{ kind: 'like' as const, field, value: query[field] }],
      );
      const found = await accounts.list(list, conditions);
      return listReply(found.users.map(show), found.total, list, url);
    }),
    serve(createUser, async ({ asker, body }) => {
      await admit(asker);
      const id = await accounts.create(asker, {
        ...readProfile(body),
        name: body.username,
        password: body.password,
      });
      return { status: 201, headers: { Location: `/api/v2.0/users/${id}` } };
    }),
    serve(getCurrentUserInfo, async ({ asker }) => {
      const user = await get(personOf(asker.actor));
      return { status: 200, body: await detailOf(user, asker), headers: await ageOf(user) };
    }),
    serve(searchUsers, async ({ query, url }) => {
      const page = readListQuery(query);
      const found = await accounts.search(query.username, page);
      const shown = found.users.map(({ id, name }) => ({ user_id: id, username: name }));
      return listReply(shown, found.total, page, url);
    }),
    serve(getUser, async ({ asker, params }) => {
      await demandFor(asker, params.user_id, 'user:read');
      return { status: 200, body: await detailOf(await get(params.user_id), asker) };
    }),
    serve(updateUserProfile, async ({ asker, params, body }) => {
      await demandFor(asker, params.user_id, 'user:update');
      await accounts.updateProfile(asker, params.user_id, readProfile(body));
      return { status: 200 };
    }),
    serve(deleteUser, async ({ asker, params }) => {
      await accounts.remove(asker, params.user_id);
      return { status: 200 };
    }),
    serve(setUserSysAdmin, async ({ asker, params, body }) => {
      await accounts.setAdmin(asker, params.user_id, body.sysadmin_flag ?? false);
      return { status: 200 };
    }),
    serve(updateUserPassword, async ({ asker, params, body }) => {
      await demandFor(asker, params.user_id, 'user:update');
      const given = { old: body.old_password ?? '', wanted: body.new_password };
      await accounts.changePassword(asker, params.user_id, given);
      return { status: 200 };
    }),
    serve(getCurrentUserPermissions, async ({ asker, query }) => ({
      status: 200,
      body: await listPermissions(deps, asker.actor, query.scope ?? '', query.relative),
    })),
  ];
}
