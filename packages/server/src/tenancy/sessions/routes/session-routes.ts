import { deleteOwnSessions, deleteSession, listOwnSessions, listSessions } from '@entrepot/contract/entrepot/session';
import { type Actor, userIdOf } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Access } from '#tenancy/access';
import type { Sessions, SessionSummary } from '#tenancy/sessions';

export interface SessionRoutesDeps {
  readonly sessions: Sessions;
  readonly access: Pick<Access, 'mayInSystem'>;
}

export function sessionRoutes({ sessions, access }: SessionRoutesDeps): ManagedRoute[] {
  const show = (current: string | undefined) => (session: SessionSummary) => ({
    id: session.id,
    user_id: session.userId,
    username: session.userName,
    source: session.source,
    address: session.address,
    user_agent: session.userAgent,
    creation_time: new Date(session.createdAt).toISOString(),
    last_seen_time: new Date(session.seenAt).toISOString(),
    current: session.id === current,
  });

  async function list(userId: number | undefined, query: Parameters<typeof readListQuery>[0]) {
    const { page, pageSize } = readListQuery(query);
    return { page, pageSize, ...(await sessions.list({ userId, page, pageSize })) };
  }

  return [
    serve(listSessions, async ({ query, url, sessionId }) => {
      const found = await list(query.user_id, query);
      return listReply(found.sessions.map(show(sessionId)), found.total, found, url);
    }),
    serve(listOwnSessions, async ({ asker, query, url, sessionId }) => {
      const found = await list(personOf(asker.actor), query);
      return listReply(found.sessions.map(show(sessionId)), found.total, found, url);
    }),
    serve(deleteOwnSessions, async ({ asker, sessionId }) => {
      const ended = await sessions.revokeOthers(asker, personOf(asker.actor), sessionId);
      return { status: 200, body: { ended } };
    }),
    serve(deleteSession, async ({ asker, params }) => {
      const found = await sessions.findSummary(params.session_id);
      const own = found !== undefined && found.userId === userIdOf(asker.actor);
      // Whoever may not end it does not learn that it is there.
      const may = own || (await access.mayInSystem(asker.actor, 'session:delete'));
      if (found === undefined || !may || !(await sessions.revoke(asker, found.id))) {
        throw new RegistryError('object-not-found', `session ${params.session_id} not found`);
      }
      return { status: 200 };
    }),
  ];
}

/** Robots have no sessions: of theirs there is an empty list. */
function personOf(actor: Actor): number {
  return userIdOf(actor) ?? 0;
}
