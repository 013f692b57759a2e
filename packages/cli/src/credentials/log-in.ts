import type { Credentials } from '@entrepot/oci/client/credentials';
import { RegistryResponseError } from '@entrepot/oci/client/errors';
import { pingRegistry } from '@entrepot/oci/client/transport';
import { type CliContext, tell } from '#src/context';
import { CredentialError, UsageError } from '#src/failures/failures';
import { paint } from '#src/output/paint';
import { openRegistry } from '#src/registries/open-registry';
import { type AccessOptions, readAccess } from '#src/registries/registry-access';
import { ask, askSecret, canAsk } from '#src/terminal/ask';
import { keepCredentials } from './keep-credentials.ts';

/** Who is logged in where now, and where that is kept. */
export interface LoginReport {
  readonly registry: string;
  readonly username: string;
  readonly kept: string;
}

type Password = Extract<Credentials, { kind: 'password' }>;

async function askCredentials(registry: string, username: string | undefined, context: CliContext): Promise<Password> {
  if (!canAsk(context)) {
    throw new UsageError(
      'there is no terminal to ask on',
      `give the user with --username and the password with --password-stdin.`,
    );
  }
  const name = username ?? (await ask(context, `User for ${registry}: `));
  const password = await askSecret(context, 'Password: ');
  if (name === '' || password === '') {
    throw new UsageError('a user and a password are needed');
  }
  return { kind: 'password', username: name, password };
}

/**
 * Asks for what is not given, proves it to the registry and keeps it. Rejects with UsageError when something is missing,
 * with CredentialError when the registry refuses or the credentials cannot be kept, and as `pingRegistry` does.
 */
export async function logIn(registry: string, options: AccessOptions, context: CliContext): Promise<LoginReport> {
  const asks = options.username !== undefined && !options.passwordStdin && !context.env['ENTREPOT_PASSWORD'];
  const access = await readAccess({ ...options, username: asks ? undefined : options.username }, [registry], context);
  const given = access.named?.registry === registry ? access.named.credentials : undefined;
  if (given !== undefined && given.kind !== 'password' && options.username === undefined) {
    throw new UsageError('a token cannot be kept', 'log in with a user and a password, or leave ENTREPOT_TOKEN set.');
  }
  const credentials =
    given?.kind === 'password' && !asks ? given : await askCredentials(registry, options.username, context);
  let wasAsked = false;
  const proving = {
    ...access,
    named: {
      registry,
      get credentials() {
        wasAsked = true;
        return credentials;
      },
    },
  };
  using transport = await openRegistry(registry, undefined, proving, context);
  try {
    await pingRegistry(transport, context.signal);
  } catch (error) {
    if (error instanceof RegistryResponseError && (error.status === 401 || error.status === 403)) {
      throw new CredentialError(
        `${registry} refuses the user ${credentials.username}: ${error.message}`,
        'check both.',
      );
    }
    throw error;
  }
  if (!wasAsked) {
    tell(
      context,
      `${paint(context, 'yellow', 'warning:')} ${registry} did not ask for credentials, so they are unproved.`,
    );
  }
  const { username, password } = credentials;
  return { registry, username, kept: await keepCredentials({ ...options, registry, username, password }, context) };
}
