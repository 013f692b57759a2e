import { manageVerb } from '#src/management/manage-verb';
import { deleteOwnSessions, deleteSession } from '@entrepot/contract/entrepot/session';
import { UsageError } from '#src/failures/failures';

export const sessionRmVerb = manageVerb({
  name: 'session rm',
  description: 'End a session in a browser, or all of yours with --own. Whoever is in it has to sign in again.',
  arguments: { ID: { kind: 'optional', describes: 'The session, as session ls shows it.' } },
  options: { own: { kind: 'flag', flags: '--own', describes: 'All of your own.' } },
  examples: [
    { does: 'End one session, asked first', command: 'entrepot session rm 0199c2f4' },
    { does: 'End all of yours', command: 'entrepot session rm --own' },
  ],
  question: ({ arguments: { ID }, options: { own } }) => (own ? 'End all of your sessions?' : `End the session ${ID}?`),
  async work(client, { arguments: { ID }, options: { own } }) {
    if ((ID === undefined) !== own) {
      throw new UsageError('it is not said which session', 'name one, or add --own for all of yours.');
    }
    if (ID === undefined) {
      const { body } = await client.call(deleteOwnSessions);
      return { data: body, said: `Ended ${body.ended} sessions\n` };
    }
    await client.call(deleteSession, { params: { session_id: ID } });
    return { data: { session: ID, ended: true }, said: `Ended the session ${ID}\n` };
  },
});
