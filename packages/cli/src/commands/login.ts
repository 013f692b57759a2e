import { accessOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { logIn } from '#src/credentials/log-in';
import { chooseHost } from '#src/locations/host';
import { writeResult } from '#src/output/write-result';

export const loginVerb = defineVerb({
  name: 'login',
  description:
    'Prove a user and a password to a registry and keep them where docker, podman, skopeo and entrepot look for them: ' +
    'with the credential helper that is set up, else in the first file of credentials there is, readable by you alone.',
  arguments: {
    HOST: {
      kind: 'optional',
      describes: 'The registry, as host or host:port; else ENTREPOT_HOST.',
      completes: 'host',
    },
  },
  options: { ...accessOptions, ...outputOptions },
  examples: [
    { does: 'Log in, asked for what is missing', command: 'entrepot login hub.example.com' },
    {
      does: 'Log in from a script',
      command: 'entrepot login hub.example.com -u robot --password-stdin < password.txt',
    },
    {
      does: 'Keep the credentials in a file of their own',
      command: 'entrepot login hub.example.com -u ana --authfile ./auth.json',
    },
  ],
  run: async ({ arguments: { HOST: text }, options }, context) => {
    const report = await logIn(chooseHost(text, context.env), options, context);
    const { registry, username, kept } = report;
    await writeResult(
      context,
      options.output,
      report,
      () => `Logged in to ${registry} as ${username}; kept in ${kept}.\n`,
    );
  },
});
