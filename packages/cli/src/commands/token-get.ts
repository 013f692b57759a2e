import { manageVerb } from '#src/management/manage-verb';
import { describeClaims, fetchToken, readScope } from '#src/management/service-token';

export const tokenGetVerb = manageVerb({
  name: 'token get',
  description:
    'Fetch a token as a client that pulls or pushes would, and show what it permits: less than was asked for is the ' +
    'reason why a pull or a push is refused.',
  arguments: {
    SCOPE: { kind: 'many', describes: 'What it is for: REPOSITORY for pulling, or REPOSITORY:pull,push.' },
  },
  options: {
    raw: { kind: 'flag', flags: '--raw', describes: 'Write the token alone, for another program. It is a secret.' },
  },
  examples: [
    { does: 'See whether you may push', command: 'entrepot token get team/app:pull,push' },
    {
      does: 'Ask the registry by hand',
      command:
        'curl -H "Authorization: Bearer $(entrepot token get --raw team/app)" https://hub.example.com/v2/team/app/tags/list',
    },
  ],
  async work(client, { arguments: { SCOPE }, options: { raw } }) {
    const scopes = SCOPE.map(readScope);
    const { token, claims } = await fetchToken(client, scopes);
    return raw ? { data: { token }, said: `${token}\n` } : { data: claims, said: describeClaims(claims, scopes) };
  },
});
