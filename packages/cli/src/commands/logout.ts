import { accessOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { forgetCredentials } from '#src/credentials/forget-credentials';
import { formatForgotten } from '#src/credentials/format-forgotten';
import { chooseHostOrAll } from '#src/locations/host';
import { writeResult } from '#src/output/write-result';

export const logoutVerb = defineVerb({
  name: 'logout',
  description: 'Forget the credentials for a registry, in every file and credential helper where they would be found.',
  arguments: {
    HOST: {
      kind: 'optional',
      describes: 'The registry, as host or host:port; else ENTREPOT_HOST.',
      completes: 'host',
    },
  },
  options: {
    all: { kind: 'flag', flags: '--all', describes: 'Forget the credentials for every registry.' },
    authfile: accessOptions.authfile,
    ...outputOptions,
  },
  examples: [
    { does: 'Log out of one registry', command: 'entrepot logout hub.example.com' },
    { does: 'Log out of all of them', command: 'entrepot logout --all' },
  ],
  run: async ({ arguments: { HOST: text }, options }, context) => {
    const registry = chooseHostOrAll(text, options.all, context.env);
    const forgotten = await forgetCredentials({ registry, authfile: options.authfile }, context);
    await writeResult(context, options.output, { forgotten }, () => formatForgotten(forgotten, registry));
  },
});
