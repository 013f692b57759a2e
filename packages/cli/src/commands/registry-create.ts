import { manageVerb } from '#src/management/manage-verb';
import { createRegistry } from '@entrepot/contract/harbor/registry';
import { UsageError } from '#src/failures/failures';
import { askSecret, canAsk } from '#src/terminal/ask';
import { readPassword } from '#src/terminal/read-password';

export const registryCreateVerb = manageVerb({
  name: 'registry create',
  description:
    'Make another registry known, for replication and proxy projects. It must answer, and take the credentials: its ' +
    'secret is asked for, or read with --access-secret-stdin.',
  arguments: {
    NAME: { kind: 'one', describes: 'What it is called here.' },
    ADDRESS: { kind: 'one', describes: 'Where it is: https://.' },
  },
  options: {
    type: {
      kind: 'text',
      flags: '--type <type>',
      describes: 'Such as harbor, docker-hub, quay or github-ghcr.',
      default: 'docker-registry',
    },
    accessKey: { kind: 'text', flags: '--access-key <name>', describes: 'The user or key to sign in there with.' },
    accessSecretStdin: {
      kind: 'flag',
      flags: '--access-secret-stdin',
      describes: 'Read the secret of the access key from standard input.',
    },
    skipCertVerify: { kind: 'flag', flags: '--skip-cert-verify', describes: 'Do not verify its certificate.' },
    description: { kind: 'text', flags: '--description <text>', describes: 'What it is for.', default: '' },
  },
  examples: [
    { does: 'Make Docker Hub known', command: 'entrepot registry create hub https://hub.docker.com --type docker-hub' },
    {
      does: 'A Harbor, with the secret of a robot',
      command:
        "pass harbor | entrepot registry create main https://harbor.example.com --type harbor --access-key 'robot$sync' --access-secret-stdin",
    },
  ],
  async work(client, { arguments: { NAME, ADDRESS }, options }, context) {
    const { type, accessKey, accessSecretStdin, skipCertVerify, description } = options;
    if (accessSecretStdin && accessKey === undefined) {
      throw new UsageError('--access-secret-stdin needs --access-key');
    }
    if (accessKey !== undefined && !accessSecretStdin && !canAsk(context)) {
      throw new UsageError('there is no terminal to ask for the secret on', 'add --access-secret-stdin.');
    }
    const credential =
      accessKey === undefined
        ? {}
        : {
            credential: {
              type: 'basic' as const,
              access_key: accessKey,
              access_secret: accessSecretStdin ? await readPassword(context) : await askSecret(context, 'Secret: '),
            },
          };
    await client.call(createRegistry, {
      body: { name: NAME, url: ADDRESS, type, insecure: skipCertVerify, description, ...credential },
    });
    return { data: { registry: NAME, created: true }, said: `${ADDRESS} is known as ${NAME} now\n` };
  },
});
