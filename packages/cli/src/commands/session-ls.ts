import { manageVerb } from '#src/management/manage-verb';
import { listOwnSessions, listSessions } from '@entrepot/contract/entrepot/session';
import { findUser } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { formatTable } from '#src/output/table';

export const sessionLsVerb = manageVerb({
  name: 'session ls',
  description: 'List your sessions in browsers, the newest first; those of everybody with --all.',
  arguments: {},
  options: {
    all: { kind: 'flag', flags: '--all', describes: 'Those of everybody, which administrators may see.' },
    user: { kind: 'text', flags: '--user <name>', describes: 'Those of this user.' },
  },
  examples: [
    { does: 'See where you are signed in', command: 'entrepot session ls' },
    { does: 'See where somebody else is', command: 'entrepot session ls --user anna' },
  ],
  async work(client, { options: { all, user } }) {
    const owner = user === undefined ? {} : { user_id: (await findUser(client, user)).user_id };
    const sessions = await Array.fromAsync(
      all || user !== undefined ? listAll(client, listSessions, { query: owner }) : listAll(client, listOwnSessions),
    );
    const rows = sessions.map((session) => [
      session.id,
      session.username,
      session.address,
      session.last_seen_time.replace(/\.\d+Z$/, 'Z'),
      session.user_agent,
    ]);
    return { data: sessions, said: formatTable(['ID', 'USER', 'ADDRESS', 'SEEN', 'BROWSER'], rows) };
  },
});
